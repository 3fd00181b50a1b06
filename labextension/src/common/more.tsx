/** A button that shows more of what stands before it; the keyboard stays near when it goes. */
import * as React from 'react';

import { withFocus } from './focus';

export function More(props: { onMore: () => void; children: React.ReactNode }): JSX.Element {
  return (
    <button
      type="button"
      className="jp-snapbook-Link"
      onClick={event => withFocus(event.currentTarget, props.onMore)}
    >
      {props.children}
    </button>
  );
}
