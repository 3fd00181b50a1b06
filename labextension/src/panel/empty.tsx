/** What stands where there are no versions: how to make one, or what does not match. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { KernelStatus } from '../types';
import type { Acts } from './acts';

export interface EmptyProps {
  project: string;
  status: KernelStatus | null;
  acts: Acts;
  trans: TranslationBundle;
}

/** No version in this project: what to type, and what could be kept right now. */
export function Empty({ project, status, acts, trans }: EmptyProps): JSX.Element {
  const line = '%%version_model churn';
  const found = (status?.candidates ?? []).map(
    ({ variable, class_name: name, fitted }) =>
      `${variable} (${name}${fitted === false ? trans.__(', not fitted') : trans.__(', fitted')})`
  );
  return (
    <div className="jp-snapbook-empty">
      <p>
        {project === ''
          ? trans.__('No versions yet.')
          : trans.__('No versions yet in %1/.', project)}
      </p>
      <p>
        {trans.__('In a cell, on top of what fits your model:')} <code>{line}</code>{' '}
        <button type="button" className="jp-snapbook-link" onClick={() => acts.copy(line)}>
          {trans.__('Copy')}
        </button>
      </p>
      {found.length > 0 && (
        <p>{trans.__('Candidates in this kernel: %1.', found.slice(0, 4).join(', '))}</p>
      )}
    </div>
  );
}

export interface NoMatchProps {
  note: string;
  trans: TranslationBundle;
  onClear(): void;
}

/** The search found nothing; the server's words say how near the best comes. */
export function NoMatch({ note, trans, onClear }: NoMatchProps): JSX.Element {
  return (
    <div className="jp-snapbook-empty" role="status">
      <p>{note || trans.__('Nothing matches.')}</p>
      <button type="button" className="jp-snapbook-link" onClick={onClear}>
        {trans.__('Clear')}
      </button>
    </div>
  );
}

/** Rows to come: shown only after a while, so that what is quick does not flicker. */
export function Skeleton({ trans }: { trans: TranslationBundle }): JSX.Element | null {
  const [late, setLate] = React.useState(false);
  React.useEffect(() => {
    const timer = window.setTimeout(() => setLate(true), 300);
    return () => window.clearTimeout(timer);
  }, []);
  if (!late) {
    return null;
  }
  return (
    <div className="jp-snapbook-skeleton" aria-busy="true" aria-label={trans.__('Loading versions')}>
      {Array.from({ length: 12 }, (_, index) => (
        <div key={index} />
      ))}
    </div>
  );
}
