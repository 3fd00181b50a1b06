/** Data that changed, frame by frame: schema first, then rows and cells, then shift. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Said } from '../common/said';
import { Disclosure } from '../common/section';
import type { Change } from '../types';
import { distance, FrameChanges } from './sections';

/** Shifted columns that are shown; the rest when asked for. */
const SHIFTS = 10;

/** The changes of one frame. */
export function FrameChange(props: {
  frame: FrameChanges;
  trans: TranslationBundle;
}): JSX.Element {
  const { frame, trans } = props;
  const first = frame.shifts.slice(0, SHIFTS);
  const rest = frame.shifts.slice(SHIFTS);
  return (
    <div className="jp-snapbook-FrameChange">
      <h3>
        <Said text={frame.name} longest={80} />
      </h3>
      <Lists changes={frame.schema} />
      <Lists changes={frame.rows} />
      {first.length > 0 && (
        <>
          <h4>{trans.__('Shift, worst first')}</h4>
          <Shifts changes={first} trans={trans} />
        </>
      )}
      {rest.length > 0 && (
        <Disclosure label={trans._n('%1 more column', '%1 more columns', rest.length)}>
          {() => <Shifts changes={rest} trans={trans} />}
        </Disclosure>
      )}
    </div>
  );
}

function Lists(props: { changes: readonly Change[] }): JSX.Element | null {
  if (props.changes.length === 0) {
    return null;
  }
  return (
    <ul className="jp-snapbook-Plain">
      {props.changes.map((change, at) => (
        <li key={at}>
          <span aria-hidden="true" className="jp-snapbook-Sign">
            {signOf(change)}
          </span>
          <Said text={change.lines[0] ?? change.what} longest={300} />
          {change.lines.length > 1 && <Rest lines={change.lines.slice(1)} />}
        </li>
      ))}
    </ul>
  );
}

/** The further lines of a change: where cells changed, values before and after. */
function Rest(props: { lines: readonly string[] }): JSX.Element {
  return (
    <ul className="jp-snapbook-Plain">
      {props.lines.map((line, at) => (
        <li key={at}>
          <Said text={line} longest={300} />
        </li>
      ))}
    </ul>
  );
}

function Shifts(props: { changes: readonly Change[]; trans: TranslationBundle }): JSX.Element {
  return (
    <ul className="jp-snapbook-Plain">
      {props.changes.map((change, at) => (
        <li key={at} className="jp-snapbook-Shift">
          <svg width="60" height="8" role="presentation" aria-hidden="true">
            <rect className="jp-snapbook-Shift-all" width="60" height="8" rx="4" />
            <rect width={60 * Math.min(1, distance(change))} height="8" rx="4" />
          </svg>
          <Said text={change.lines[0] ?? ''} longest={300} />
        </li>
      ))}
    </ul>
  );
}

function signOf(change: Change): string {
  return change.what === 'added' ? '+ ' : change.what === 'removed' ? '- ' : '';
}
