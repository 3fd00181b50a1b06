/** Small signs in a row, in the theme's own colour: another notebook's, a registry's. */
import * as React from 'react';

/** A page behind a page. */
export function OtherNotebookIcon(): JSX.Element {
  return (
    <Sign path="M8 2h11a2 2 0 0 1 2 2v13h-2V4H8zM5 6h9a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2zm0 2v12h9V8z" />
  );
}

/** Three shelves. */
export function RegistryIcon(): JSX.Element {
  return (
    <Sign path="M4 3h16v6H4zm2 2v2h12V5zm-2 5h16v5H4zm2 2v1h12v-1zm-2 4h16v5H4zm2 2v1h12v-1z" />
  );
}

function Sign({ path }: { path: string }): JSX.Element {
  return (
    <svg width="12" height="12" viewBox="0 0 24 24" aria-hidden="true">
      <path className="jp-icon3" fill="#616161" d={path} />
    </svg>
  );
}
