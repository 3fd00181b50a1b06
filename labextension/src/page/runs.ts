/** Executed cells in runs: each that made the model by itself, the others between them together. */
import { asNumber } from '../common/values';
import type { CellRow, Json } from '../types';

/** A cell of the model, or a run of cells that it does not depend on. */
export type Run = { made: true; cell: CellRow } | { made: false; cells: CellRow[] };

/** The runs of `cells`, in their order. */
export function runs(cells: readonly CellRow[]): Run[] {
  const found: Run[] = [];
  for (const cell of cells) {
    const last = found[found.length - 1];
    if (cell.made) {
      found.push({ made: true, cell });
    } else if (last !== undefined && !last.made) {
      last.cells.push(cell);
    } else {
      found.push({ made: false, cells: [cell] });
    }
  }
  return found;
}

/** A cell's bracket as the notebook shows it: "[9]". */
export function bracket(cell: CellRow): string {
  return `[${cell.number ?? ' '}]`;
}

/** What names a cell in a request: its place in the log, else its id. */
export function cellKey(cell: CellRow): number | string {
  return asNumber(cell['index'] as Json | undefined) ?? cell.id;
}
