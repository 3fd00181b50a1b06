/** Changes that are values: parameters, metrics, the model, packages, files. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Judgement, Said } from '../common/said';
import { Disclosure } from '../common/section';
import { asNumber, deltaText, metricText, pairText } from '../common/values';
import { sizeText } from '../format';
import type { Change, Json } from '../types';
import { DiffLines } from './lines';

/** One line: the name, both values, how far it moved. */
export function ValueChange(props: { change: Change; trans: TranslationBundle }): JSX.Element {
  const { change, trans } = props;
  const delta = asNumber(change.facts['delta']);
  return (
    <div className="jp-snapbook-ValueChange">
      <span className="jp-snapbook-ValueChange-name">
        <Said text={change.name} longest={100} />
      </span>
      <Both change={change} trans={trans} />
      {delta !== null && <span className="jp-snapbook-Delta">{deltaText(delta)}</span>}
      <Judgement better={change.better} trans={trans} />
    </div>
  );
}

function Both(props: { change: Change; trans: TranslationBundle }): JSX.Element {
  const { change, trans } = props;
  const [a, b] = texts(change);
  if (change.what === 'added') {
    return (
      <span>
        <b className="jp-snapbook-New">
          <Said text={b} />
        </b>{' '}
        {trans.__('(new)')}
      </span>
    );
  }
  if (change.what === 'removed') {
    return (
      <span>
        <b className="jp-snapbook-Old">
          <Said text={a} />
        </b>{' '}
        {trans.__('(gone)')}
      </span>
    );
  }
  if (change.old === null && change.new === null && change.lines.length > 0) {
    return <Said text={change.lines[0]} longest={300} />;
  }
  return (
    <span>
      <span className="jp-snapbook-Old">
        <Said text={a} />
      </span>{' '}
      <span aria-hidden="true">→</span>
      <span className="jp-snapbook-sr"> {trans.__('to')} </span>{' '}
      <b className="jp-snapbook-New">
        <Said text={b} />
      </b>
    </span>
  );
}

function texts(change: Change): [string, string] {
  const { old, new: now, section } = change;
  if (section === 'files') {
    const size = (value: Json): string => (typeof value === 'number' ? sizeText(value) : '');
    return [size(old), size(now)];
  }
  if (section === 'metrics' && (typeof old !== 'number' || typeof now !== 'number')) {
    return [old === null ? '' : metricText(old), now === null ? '' : metricText(now)];
  }
  const [a, b] = pairText(old, now);
  return [old === null && change.what === 'added' ? '' : a, now === null && change.what === 'removed' ? '' : b];
}

/** A changed file: its size, and its lines where they are told. */
export function FileChange(props: {
  change: Change;
  first: number;
  sideBySide: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { change, first, sideBySide, trans } = props;
  return (
    <>
      <ValueChange change={change} trans={trans} />
      {change.lines.length > 0 && (
        <DiffLines
          lines={change.lines}
          code={change.name.endsWith('.py')}
          first={first}
          sideBySide={sideBySide}
          trans={trans}
        />
      )}
    </>
  );
}

/** Packages that were not in use, folded: they seldom matter. */
export function Unused(props: {
  changes: readonly Change[];
  trans: TranslationBundle;
}): JSX.Element {
  const { changes, trans } = props;
  return (
    <Disclosure
      label={trans._n(
        '%1 package that was not in use',
        '%1 packages that were not in use',
        changes.length
      )}
    >
      {() => changes.map((change, at) => <ValueChange key={at} change={change} trans={trans} />)}
    </Disclosure>
  );
}
