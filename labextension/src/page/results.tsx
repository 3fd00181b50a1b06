/** How good it is and how it was set: metrics with their deltas, parameters. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Judgement, Said } from '../common/said';
import { Disclosure } from '../common/section';
import { inline } from '../common/text';
import { asText, deltaText, metricText, valueText } from '../common/values';
import type { JsonObject, Row, Version } from '../types';
import { metricNames, paramsOf, partOf } from './facts';

/** The metrics. `before` is the version before it, for the deltas of all but the main one. */
export function Metrics(props: {
  version: Version;
  before: Row | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { version, before, trans } = props;
  const names = metricNames(version);
  if (names.length === 0) {
    return <p className="jp-snapbook-Quiet">{trans.__('No metrics were kept.')}</p>;
  }
  return (
    <dl className="jp-snapbook-Metrics">
      {names.map(name => {
        const metric = version.row.metrics[name];
        const moved = movement(version.row, before, name);
        return (
          <div key={name}>
            <dt>
              <Said text={name} longest={60} />
            </dt>
            <dd>
              <strong>{inline(metricText(metric.value), 40)}</strong>
              {moved && (
                <span className="jp-snapbook-Delta">
                  {deltaText(moved.delta)} <Judgement better={moved.better} trans={trans} />
                </span>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

/** How a metric moved since the version before, where both are numbers. */
export function movement(
  row: Row,
  before: Row | null,
  name: string
): { delta: number; better: boolean | null } | null {
  if (name === row.main && row.delta !== null) {
    return { delta: row.delta, better: row.better };
  }
  const now = row.metrics[name];
  const then = before?.metrics[name];
  if (typeof now?.value !== 'number' || typeof then?.value !== 'number') {
    return null;
  }
  const delta = now.value - then.value;
  const judged = now.direction !== null && delta !== 0;
  return { delta, better: judged ? delta > 0 === (now.direction === 'max') : null };
}

/** The model's name and its parameters: those set by hand, the rest folded. */
export function Params(props: { version: Version; trans: TranslationBundle }): JSX.Element {
  const { version, trans } = props;
  const { set, rest } = paramsOf(version);
  const chosen = Object.keys(set).length;
  const left = Object.keys(rest).length;
  const model = partOf(version, 'model');
  const name = version.row.class_name || asText(model?.facts['class_name']);
  return (
    <div className="jp-snapbook-Params">
      <p>
        <Said text={name} longest={100} />
        {model && (
          <>
            {' '}
            <code>
              <Said text={model.name} longest={60} />
            </code>
          </>
        )}{' '}
        <span className="jp-snapbook-Quiet">
          {chosen + left > 0 && trans.__('%1 of %2 parameters set', chosen, chosen + left)}
        </span>
      </p>
      <Pairs values={set} label={trans.__('Parameters that were set')} />
      {left > 0 && (
        <Disclosure label={trans._n('%1 at its default', '%1 at their defaults', left)}>
          {() => <Pairs values={rest} label={trans.__('Parameters at their defaults')} />}
        </Disclosure>
      )}
    </div>
  );
}

/** Names and values, a line each. */
export function Pairs(props: { values: JsonObject; label: string }): JSX.Element | null {
  const entries = Object.entries(props.values);
  if (entries.length === 0) {
    return null;
  }
  return (
    <dl className="jp-snapbook-Pairs" aria-label={inline(props.label, 80)}>
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>
            <Said text={name} longest={80} />
          </dt>
          <dd>
            <Said text={valueText(value)} longest={300} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
