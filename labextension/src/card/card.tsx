/** The card of a version under the cell that made it: what it is now, and what can be done. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Judgement, Said } from '../common/said';
import { inline, middle } from '../common/text';
import { deltaText, metricText } from '../common/values';
import type { Row } from '../types';

/** What a card shows: the text of the cell until the server has answered, then the version. */
export type CardState =
  | { state: 'text' }
  | { state: 'here'; row: Row }
  /** `problem` is one sentence beside the text. */
  | { state: 'absent'; problem: string };

/** What the buttons do; null where there is no application to do it. */
export interface CardActs {
  open: () => void;
  diff: () => void;
  restore: () => void;
  note: () => void;
  notThis: () => void;
}

/** The card. `text` is the text/plain of the same output. */
export function Card(props: {
  reference: string;
  text: string;
  state: CardState;
  acts: CardActs | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { reference, text, state, acts, trans } = props;
  if (state.state !== 'here') {
    return (
      <div className="jp-snapbook jp-snapbook-Card">
        <pre className="jp-snapbook-Card-text">{text || reference}</pre>
        {state.state === 'absent' && (
          <div className="jp-snapbook-Card-problem" role="status">
            {inline(state.problem, 300)}
          </div>
        )}
      </div>
    );
  }
  return (
    <section
      className="jp-snapbook jp-snapbook-Card"
      aria-label={trans.__('Version %1', inline(state.row.ref, 120))}
    >
      <Told row={state.row} reference={reference} acts={acts} trans={trans} />
      <More text={text} trans={trans} />
      {acts !== null && <Acts row={state.row} acts={acts} trans={trans} />}
    </section>
  );
}

function Told(props: {
  row: Row;
  reference: string;
  acts: CardActs | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { row, reference, acts, trans } = props;
  const metrics = Object.entries(row.metrics).slice(0, 3);
  const first = row.bump === 'first';
  return (
    <div className="jp-snapbook-Card-line">
      {acts === null ? (
        <strong>
          <Said text={middle(row.ref, 60)} />
        </strong>
      ) : (
        <button type="button" className="jp-snapbook-Link jp-mod-strong" onClick={acts.open}>
          <Said text={middle(row.ref, 60)} />
        </button>
      )}
      {row.ref !== reference && (
        <span className="jp-snapbook-Quiet">{trans.__('(was %1)', inline(reference, 80))}</span>
      )}
      {row.aliases.map(alias => (
        <span key={alias} className="jp-snapbook-Badge jp-mod-alias">
          <span aria-hidden="true">◆ </span>
          <Said text={alias} longest={40} />
        </span>
      ))}
      {Object.entries(row.tags).map(([name, value]) => (
        <span key={name} className="jp-snapbook-Badge">
          <Said text={value ? `#${name}=${value}` : `#${name}`} longest={40} />
        </span>
      ))}
      {row.bump && (
        <span className="jp-snapbook-Badge">
          {first ? trans.__('first version') : inline(row.bump, 20)}
        </span>
      )}
      <span className="jp-snapbook-Card-reason">
        <Said text={row.message || (first ? row.class_name : row.reason)} longest={160} />
      </span>
      <span className="jp-snapbook-Card-metrics">
        {metrics.map(([name, metric]) => (
          <span key={name}>
            <Said text={name} longest={40} /> {inline(metricText(metric.value), 40)}
            {name === row.main && row.delta !== null && (
              <>
                {' '}
                <span className="jp-snapbook-Delta">{deltaText(row.delta)}</span>{' '}
                <Judgement better={row.better} trans={trans} />
              </>
            )}
          </span>
        ))}
      </span>
    </div>
  );
}

/** The lines of the text that the card's first line does not say: what was unusual, what is next. */
function More(props: { text: string; trans: TranslationBundle }): JSX.Element | null {
  const rest = props.text.split('\n').slice(1).join('\n').trimEnd();
  return rest === '' ? null : <pre className="jp-snapbook-Card-text">{rest}</pre>;
}

function Acts(props: { row: Row; acts: CardActs; trans: TranslationBundle }): JSX.Element {
  const { row, acts, trans } = props;
  const named = (label: string): string => trans.__('%1 %2', label, inline(row.ref, 80));
  return (
    <div className="jp-snapbook-Card-acts" role="group" aria-label={trans.__('Actions')}>
      {row.previous !== null && (
        <Act label={trans.__('Diff')} name={named(trans.__('Diff'))} act={acts.diff} />
      )}
      <Act label={trans.__('Restore…')} name={named(trans.__('Restore'))} act={acts.restore} />
      <Act label={trans.__('Note…')} name={named(trans.__('Note on'))} act={acts.note} />
      <Act label={trans.__('Not this model?')} act={acts.notThis} />
    </div>
  );
}

function Act(props: { label: string; name?: string; act: () => void }): JSX.Element {
  return (
    <button
      type="button"
      className="jp-snapbook-Link"
      aria-label={props.name}
      onClick={props.act}
    >
      {props.label}
    </button>
  );
}
