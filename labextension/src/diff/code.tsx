/** Code, cell by cell: edited, added, removed, moved; what a cell printed, on request. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { OnRequest } from '../common/request';
import { Said } from '../common/said';
import { inline } from '../common/text';
import { asNumber } from '../common/values';
import { Outputs } from '../page/output';
import { bracket } from '../page/runs';
import type { CellRow, Change, StoredOutput } from '../types';
import { DiffLines } from './lines';
import { place } from './place';
import { isCell } from './sections';

/** Where outputs come from. */
export interface OutputsOf {
  old: string;
  new: string;
  cells: (ref: string) => Promise<CellRow[]>;
  output: (ref: string, cell: CellRow, at: number) => Promise<StoredOutput>;
}

/** One changed cell or local module. */
export function CodeChange(props: {
  change: Change;
  first: number;
  sideBySide: boolean;
  /** Null while outputs are not shown. */
  outputs: OutputsOf | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { change, first, sideBySide, outputs, trans } = props;
  return (
    <div className="jp-snapbook-CodeChange">
      <div className="jp-snapbook-Change-head">
        {change.what === 'moved' && `${happened(change, trans)} `}
        <code>
          <Said text={place(change)} longest={80} />
        </code>
        {change.what !== 'moved' && ` ${happened(change, trans)}`}
        {change.facts['guessed'] === true && (
          <span title={trans.__('Matched by its text: these cells have no common id')}>
            {' '}
            <span aria-hidden="true">≈</span>
            <span className="jp-snapbook-sr">{trans.__('matched by its text')}</span>
          </span>
        )}
        {change.facts['form_only'] === true && (
          <span className="jp-snapbook-Quiet"> {trans.__('form and comments only')}</span>
        )}
      </div>
      {change.lines.length > 0 && (
        <DiffLines
          lines={change.lines}
          code={isCell(change) || change.name.endsWith('.py')}
          first={first}
          sideBySide={sideBySide}
          trans={trans}
        />
      )}
      {outputs !== null && isCell(change) && (
        <div className="jp-snapbook-Side">
          <CellOutputs side="old" change={change} from={outputs} trans={trans} />
          <CellOutputs side="new" change={change} from={outputs} trans={trans} />
        </div>
      )}
    </div>
  );
}

function happened(change: Change, trans: TranslationBundle): string {
  switch (change.what) {
    case 'added':
      return trans.__('added');
    case 'removed':
      return trans.__('removed');
    case 'moved':
      return trans.__('moved');
    default:
      return trans.__('edited');
  }
}

function CellOutputs(props: {
  side: 'old' | 'new';
  change: Change;
  from: OutputsOf;
  trans: TranslationBundle;
}): JSX.Element {
  const { side, change, from, trans } = props;
  const ref = from[side];
  const absent = change.what === (side === 'old' ? 'added' : 'removed');
  if (absent || ref === 'now') {
    return <div />;
  }
  return (
    <div className="jp-snapbook-CellOutputs">
      <OnRequest
        label={trans.__('outputs in %1', inline(ref, 80))}
        eager
        ask={async () => find(await from.cells(ref), change, side) ?? null}
        trans={trans}
      >
        {cell =>
          cell === null || cell.outputs.length === 0 ? (
            <span className="jp-snapbook-Quiet">{trans.__('no outputs in %1', inline(ref, 80))}</span>
          ) : (
            <>
              <h4>{trans.__('outputs in %1', inline(ref, 80))}</h4>
              <Outputs
                outputs={cell.outputs}
                cell={`${bracket(cell)} ${inline(ref, 80)}`}
                fetch={at => from.output(ref, cell, at)}
                trans={trans}
              />
            </>
          )
        }
      </OnRequest>
    </div>
  );
}

/** The cell of one side: by its number, which a change tells for both sides. */
function find(
  cells: readonly CellRow[],
  change: Change,
  side: 'old' | 'new'
): CellRow | undefined {
  const told = asNumber(change[side]);
  const named = /^cell (\d+)$/.exec(change.name)?.[1];
  const number = told ?? (named === undefined ? null : Number(named));
  return cells.find(cell => cell.number === number);
}
