/**
 * The lines of the list: versions under date headings, runs of automatic ones folded.
 *
 * Pure, on plain rows, so that ten thousand of them can be laid out in a test. Knows which lines
 * there are and how high each is; not how one looks.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { dayHeading } from './format';
import type { Row } from './types';

/** Heights in pixels: fixed, so that any line can be found without measuring. */
export const HEIGHTS = { heading: 22, version: 42, fold: 24, more: 30 } as const;

/** Automatic versions in a row are folded from this many on. */
const FOLD_FROM = 3;

/** One line of the list. `key` is stable over reloads. */
export type Line =
  | { kind: 'heading'; key: string; text: string }
  | { kind: 'version'; key: string; row: Row; at: number }
  | { kind: 'fold'; key: string; rows: Row[]; open: boolean; at: number }
  /** Rows that are not loaded, between others that are. */
  | { kind: 'gap'; key: string; height: number }
  | { kind: 'more'; key: string };

/** Lines with the place of each: `tops[i]` is where line i begins, the last entry where all end. */
export interface Layout {
  lines: Line[];
  tops: number[];
  /** The lines that the keyboard stops at. */
  stops: number[];
  /** The line of the gap, -1 for none. */
  gap: number;
  /** How many stops there are, those counted that are not loaded. */
  places: number;
}

/** Rows that are not loaded: where they belong, and how many there are. */
export interface Gap {
  at: number;
  count: number;
}

/** No list is higher: beyond about 30 million pixels browsers place nothing. */
const HIGHEST_GAP_PX = 10_000_000;

/** How high a line is. */
export function heightOf(line: Line): number {
  return line.kind === 'gap' ? line.height : HEIGHTS[line.kind];
}

/** Lay out rows, newest first. `unfolded` are keys of runs that the user opened. */
export function layOut(
  rows: readonly Row[],
  now: number,
  unfolded: ReadonlySet<string>,
  more: boolean,
  trans: TranslationBundle,
  gap: Gap | null = null
): Layout {
  const lines: Line[] = [];
  let heading = '';
  let day = '';
  let at = 0;
  for (let i = 0; i < rows.length; ) {
    if (i === gap?.at) {
      const height = Math.min(HIGHEST_GAP_PX, Math.max(1, gap.count) * HEIGHTS.version);
      lines.push({ kind: 'gap', key: 'gap', height });
      at += gap.count;
      // What follows is of another time.
      heading = day = '';
    }
    // Most rows are of the day of the one before: the costly words are asked for once a day.
    const today = dayOf(rows[i].time);
    if (today !== day || day === '') {
      day = today;
      const text = dayHeading(rows[i].time, now, trans);
      if (text !== heading) {
        heading = text;
        lines.push({ kind: 'heading', key: `heading ${text} ${at}`, text });
      }
    }
    const run = autoRun(rows, i, gap !== null && i < gap.at ? gap.at : rows.length);
    if (run < FOLD_FROM) {
      lines.push({ kind: 'version', key: rows[i].ref, row: rows[i], at: at++ });
      i += 1;
      continue;
    }
    // The oldest of a run names it: newer ones may still come.
    const folded = rows.slice(i, i + run);
    const key = `fold ${folded[run - 1].ref}`;
    const open = unfolded.has(key);
    lines.push({ kind: 'fold', key, rows: folded, open, at: at++ });
    for (const row of open ? folded : []) {
      lines.push({ kind: 'version', key: row.ref, row, at: at++ });
    }
    i += run;
  }
  if (more && gap === null) {
    lines.push({ kind: 'more', key: 'more' });
  }
  const tops = [0];
  const stops: number[] = [];
  lines.forEach((line, index) => {
    tops.push(tops[index] + heightOf(line));
    if (line.kind === 'version' || line.kind === 'fold') {
      stops.push(index);
    }
  });
  return { lines, tops, stops, gap: lines.findIndex(({ kind }) => kind === 'gap'), places: at };
}

/** The local day of a time, as a key. */
function dayOf(time: string): string {
  const date = new Date(time);
  return `${date.getFullYear()} ${date.getMonth()} ${date.getDate()}`;
}

/** How many automatic versions of nobody's interest follow each other from `start` to `stop`. */
function autoRun(rows: readonly Row[], start: number, stop: number): number {
  let end = start;
  while (end < stop && isPlainAuto(rows[end])) {
    end += 1;
  }
  return end - start;
}

function isPlainAuto(row: Row): boolean {
  return (
    row.auto && !row.message && row.aliases.length === 0 && Object.keys(row.tags).length === 0
  );
}

/** The first line that reaches below `y`. */
export function lineAt(layout: Layout, y: number): number {
  let low = 0;
  let high = layout.lines.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (layout.tops[middle + 1] > y) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return Math.max(0, low);
}

/** The heading that holds for line `index`. */
export function headingOf(layout: Layout, index: number): string {
  for (let i = Math.min(index, layout.lines.length - 1); i >= 0; i--) {
    const line = layout.lines[i];
    if (line.kind === 'heading') {
      return line.text;
    }
  }
  return '';
}

/** The line of a key, -1 where it is not shown. */
export function lineOf(layout: Layout, key: string): number {
  return layout.lines.findIndex(line => line.key === key);
}
