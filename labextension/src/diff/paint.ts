/**
 * Colours for the lines of a diff: each side of a hunk is parsed as one text, then cut into lines
 * and into the pieces that are marked. A line by itself would lose the string that it stands in.
 */
import { type Parser, type Span, spans, split } from '../common/colours';
import type { Piece, Row } from './words';

/** For the pieces of a line, by identity: the coloured spans of each piece. */
export type Painted = ReadonlyMap<readonly Piece[], Span[][]>;

/** All lines of `found`, coloured. */
export function painted(found: readonly Row[], parser: Parser): Painted {
  const sides: { old: (readonly Piece[])[]; now: (readonly Piece[])[] }[] = [];
  let hunk = -1;
  for (const row of found) {
    if (row.kind === 'other') {
      continue;
    }
    if (row.hunk !== hunk) {
      hunk = row.hunk;
      sides.push({ old: [], now: [] });
    }
    const side = sides[sides.length - 1];
    if (row.pair.old !== null) {
      side.old.push(row.pair.old);
    }
    if (row.pair.now !== null) {
      side.now.push(row.pair.now);
    }
  }
  const all = new Map<readonly Piece[], Span[][]>();
  for (const { old, now } of sides) {
    paintSide(old, parser, all);
    paintSide(now, parser, all);
  }
  return all;
}

function paintSide(
  lines: readonly (readonly Piece[])[],
  parser: Parser,
  into: Map<readonly Piece[], Span[][]>
): void {
  const texts = lines.map(pieces => pieces.map(({ text }) => text));
  const code = texts.map(parts => parts.join('')).join('\n');
  // After each line comes its end, which belongs to none of its pieces.
  const lengths = texts.flatMap(parts => [...parts.map(part => part.length), 1]);
  const cut = split(spans(code, parser), lengths);
  let at = 0;
  for (const pieces of lines) {
    into.set(pieces, cut.slice(at, at + pieces.length));
    at += pieces.length + 1;
  }
}
