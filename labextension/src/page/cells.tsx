/** The executed cells in their order: those that made the model open, runs of others folded. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { More } from '../common/more';
import { Said } from '../common/said';
import { Disclosure } from '../common/section';
import { useSlices } from '../common/slices';
import { asText } from '../common/values';
import { countText } from '../format';
import type { CellRow, Json, StoredOutput } from '../types';
import { LongText, Outputs } from './output';
import { bracket, Run, runs } from './runs';

/** Fetches one output: of the cell, by its place. */
export type FetchOutput = (cell: CellRow, at: number) => Promise<StoredOutput>;

const SLICE_CHARACTERS = 12_000;
/** Cells of a run that are shown at once. */
const RUN_SHOWN = 50;

/** All cells. */
export function Cells(props: {
  cells: readonly CellRow[];
  fetchOutput: FetchOutput;
  trans: TranslationBundle;
}): JSX.Element {
  const { cells, fetchOutput, trans } = props;
  const all = React.useMemo(() => runs(cells), [cells]);
  const slices = useSlices(all.length, cells, SLICE_CHARACTERS, at => weight(all[at]));
  return (
    <div className="jp-snapbook-Cells" onKeyDown={event => stopOnEscape(event, slices)}>
      {all
        .slice(0, slices.count)
        .map((run, at) => (
          <OneRun key={at} run={run} fetchOutput={fetchOutput} trans={trans} />
        ))}
      {slices.stopped && (
        <More onMore={slices.resume}>{trans.__('Show the rest')}</More>
      )}
    </div>
  );
}

/** Rendered once, however many slices follow it. */
const OneRun = React.memo(
  function OneRun(props: {
    run: Run;
    fetchOutput: FetchOutput;
    trans: TranslationBundle;
  }): JSX.Element {
    const { run, fetchOutput, trans } = props;
    return run.made ? (
      <Cell cell={run.cell} fetchOutput={fetchOutput} trans={trans} />
    ) : (
      <Others cells={run.cells} fetchOutput={fetchOutput} trans={trans} />
    );
  },
  (old, now) => old.run === now.run
);

/** One cell: its bracket, its source, its outputs on request. */
export function Cell(props: {
  cell: CellRow;
  fetchOutput: FetchOutput;
  trans: TranslationBundle;
}): JSX.Element {
  const { cell, fetchOutput, trans } = props;
  const outcome = asText(cell['outcome'] as Json | undefined);
  const mark = bracket(cell);
  return (
    <article className="jp-snapbook-Cell" aria-label={trans.__('Cell %1', mark)}>
      <div className="jp-snapbook-Cell-mark">
        <code>{mark}</code>
      </div>
      <div className="jp-snapbook-Cell-body">
        <LongText text={cell.source} code={true} trans={trans} />
        {outcome !== '' && outcome !== 'ok' && outcome !== 'unknown' && (
          <div className="jp-snapbook-Quiet">
            <Said text={outcome} longest={100} />
          </div>
        )}
        {cell.outputs.length > 0 && (
          <Disclosure
            label={trans._n('%1 output', '%1 outputs', cell.outputs.length)}
            name={trans._n('%1 output of %2', '%1 outputs of %2', cell.outputs.length, mark)}
          >
            {() => (
              <Outputs
                outputs={cell.outputs}
                cell={mark}
                fetch={at => fetchOutput(cell, at)}
                trans={trans}
              />
            )}
          </Disclosure>
        )}
      </div>
    </article>
  );
}

function Others(props: {
  cells: readonly CellRow[];
  fetchOutput: FetchOutput;
  trans: TranslationBundle;
}): JSX.Element {
  const { cells, fetchOutput, trans } = props;
  const [shown, setShown] = React.useState(RUN_SHOWN);
  const first = bracket(cells[0]);
  const last = bracket(cells[cells.length - 1]);
  const place = cells.length === 1 ? first : `${first} – ${last}`;
  return (
    <Disclosure
      label={trans._n('%1 other cell %2', '%1 other cells %2', cells.length, place)}
    >
      {() => (
        <div className="jp-snapbook-Others">
          {cells.slice(0, shown).map((cell, at) => (
            <Cell key={at} cell={cell} fetchOutput={fetchOutput} trans={trans} />
          ))}
          {shown < cells.length && (
            <More onMore={() => setShown(shown + 10 * RUN_SHOWN)}>
              {trans.__('%1 more', countText(cells.length - shown))}
            </More>
          )}
        </div>
      )}
    </Disclosure>
  );
}

function weight(run: Run): number {
  return run.made ? Math.min(run.cell.source.length, 100_000) + 200 : 200;
}

function stopOnEscape(event: React.KeyboardEvent, slices: { done: boolean; stop(): void }): void {
  if (event.key === 'Escape' && !slices.done) {
    event.stopPropagation();
    slices.stop();
  }
}
