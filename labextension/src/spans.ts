/**
 * Which rows of a long list are loaded: some from the newest on and, where somebody jumped to the
 * end, some up to the oldest, with a gap between them that closes from both sides.
 *
 * Pure. Pages overlap as versions come and go: rows are told apart by their place in the chain.
 */
import type { Page, Row } from './types';

export interface Spans {
  /** Newest first, both. Where `after` is null nothing is left out between them. */
  top: Row[];
  bottom: Row[];
  /** The key of the page below `top`; null where all is loaded. */
  after: string | null;
  /** The key of the page above `bottom`. */
  before: string | null;
}

export const NOTHING: Spans = { top: [], bottom: [], after: null, before: null };

/** All rows, newest first. */
export function rowsOf({ top, bottom }: Spans): Row[] {
  return [...top, ...bottom];
}

/** How many rows stand above the gap; null where there is none. */
export function gapOf({ top, bottom, after }: Spans): number | null {
  return after !== null && bottom.length > 0 ? top.length : null;
}

/** The first page in the place of what it covers; older rows that are loaded stay. */
export function withFirst(old: Spans, page: Page): Spans {
  const last = page.rows[page.rows.length - 1];
  if (page.after === null || last === undefined) {
    return { ...NOTHING, top: page.rows, after: page.after };
  }
  const older = old.top.filter(row => row.n < last.n);
  if (older.length === 0) {
    return met({ ...old, top: page.rows, after: page.after });
  }
  return met({ ...old, top: [...page.rows, ...older] });
}

/** The page below `top`. */
export function withNext(old: Spans, page: Page): Spans {
  const known = new Set(old.top.map(row => row.n));
  const fresh = page.rows.filter(row => !known.has(row.n));
  return met({ ...old, top: [...old.top, ...fresh], after: page.after });
}

/** A page from the oldest on: `rows` oldest first, as the server gives them. */
export function withOldest(old: Spans, page: Page): Spans {
  const known = new Set(old.bottom.map(row => row.n));
  const fresh = page.rows.filter(row => !known.has(row.n)).reverse();
  const bottom = [...fresh, ...old.bottom];
  return met({ ...old, bottom, before: page.after, after: page.after === null ? null : old.after });
}

/** A page that was read again, from version `from` downwards, in the place of what it covers. */
export function withAgain(old: Spans, page: Page, from: number): Spans {
  const last = page.rows[page.rows.length - 1];
  const to = page.after === null || last === undefined ? -Infinity : last.n;
  const renewed = (rows: Row[]): Row[] => {
    const lowest = rows.length > 0 ? rows[rows.length - 1].n : Infinity;
    return [
      ...rows.filter(row => row.n > from),
      ...page.rows.filter(row => row.n >= lowest && row.n <= (rows[0]?.n ?? -1)),
      ...rows.filter(row => row.n < to)
    ];
  };
  return { ...old, top: renewed(old.top), bottom: renewed(old.bottom) };
}

/** Where the two spans have met, they are one, and nothing is left to load. */
function met(spans: Spans): Spans {
  const { top, bottom, after } = spans;
  const lowest = top.length > 0 ? top[top.length - 1].n : Infinity;
  const below = bottom.filter(row => row.n < lowest);
  if (after === null || below.length < bottom.length) {
    return { top: [...top, ...below], bottom: [], after: null, before: null };
  }
  return spans;
}
