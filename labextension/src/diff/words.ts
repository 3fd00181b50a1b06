/**
 * Lines of a diff made into hunks and pairs, with the words that differ marked.
 *
 * The server gives lines that begin with "- " and "+ "; here those that became one another are
 * paired, so that they can stand side by side and be marked by the word. Pure and bounded: of long
 * lines only the ends are compared, very long ones are marked whole.
 */

/** One piece of a line; `marked` where it differs from the other side. */
export interface Piece {
  text: string;
  marked: boolean;
}

/** A line of the old and the line of the new side that it became; one of them may be absent. */
export interface Pair {
  old: Piece[] | null;
  now: Piece[] | null;
}

/** What the server's lines say: pairs, and lines that are neither (such as "... 12 more lines"). */
export type Row =
  | { kind: 'pair'; pair: Pair; hunk: number }
  | { kind: 'other'; text: string };

/** Lines longer than this together, in characters, are marked whole. */
const LONGEST = 40_000;
/** Where the lines differ, so many words are compared one by one. */
const MOST_WORDS = 300;
/** Below this share of common words, two lines are not the same one edited. */
const ALIKE = 0.4;

/** The rows of a diff's lines, in their order. */
export function rows(lines: readonly string[]): Row[] {
  const found: Row[] = [];
  let old: string[] = [];
  let now: string[] = [];
  let hunk = 0;
  const flush = (): void => {
    pairUp(old, now).forEach(pair => found.push({ kind: 'pair', pair, hunk }));
    old = [];
    now = [];
    hunk++;
  };
  for (const line of lines) {
    const sign = line[0];
    if (sign === '-') {
      if (now.length > 0) {
        flush();
      }
      old.push(body(line));
    } else if (sign === '+') {
      now.push(body(line));
    } else {
      flush();
      found.push({ kind: 'other', text: line });
    }
  }
  flush();
  return found;
}

// "- text" from cells, "-text" from files.
function body(line: string): string {
  return line[1] === ' ' ? line.slice(2) : line.slice(1);
}

/** Lines of one hunk paired in order, those alike with marks on their words. */
function pairUp(old: readonly string[], now: readonly string[]): Pair[] {
  const found: Pair[] = [];
  for (let at = 0; at < Math.max(old.length, now.length); at++) {
    const [a, b] = [old[at], now[at]];
    if (a === undefined || b === undefined) {
      found.push({ old: whole(a), now: whole(b) });
      continue;
    }
    const marked = markWords(a, b);
    if (marked === null) {
      found.push({ old: whole(a), now: null }, { old: null, now: whole(b) });
    } else {
      found.push({ old: marked[0], now: marked[1] });
    }
  }
  return found;
}

function whole(line: string | undefined): Piece[] | null {
  return line === undefined ? null : [{ text: line, marked: false }];
}

/** Both lines in pieces, what differs marked; null where they have too little in common. */
export function markWords(old: string, now: string): [Piece[], Piece[]] | null {
  if (old.length + now.length > LONGEST) {
    return [[{ text: old, marked: true }], [{ text: now, marked: true }]];
  }
  const [a, b] = [split(old), split(now)];
  const kept = keptWords(a, b);
  const size = (words: readonly string[]): number =>
    words.reduce((sum, word) => sum + word.trim().length, 0);
  const shared = size(a.filter((_, at) => kept[0].has(at)));
  if (2 * shared < ALIKE * (size(a) + size(b))) {
    return null;
  }
  return [pieces(a, slid(a, kept[0])), pieces(b, slid(b, kept[1]))];
}

function split(line: string): string[] {
  return line.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
}

/** The places, on each side, of words that stayed: what begins and ends both, and between that. */
function keptWords(a: readonly string[], b: readonly string[]): [Set<number>, Set<number>] {
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) {
    head++;
  }
  let tail = 0;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) {
    tail++;
  }
  const [left, right] = [a, b].map(words => words.slice(head, words.length - tail));
  const between =
    left.length > MOST_WORDS || right.length > MOST_WORDS
      ? [new Set<number>(), new Set<number>()]
      : common(left, right);
  const [keptA, keptB] = between.map(kept => new Set([...kept].map(at => at + head)));
  for (let at = 0; at < head; at++) {
    keptA.add(at);
    keptB.add(at);
  }
  for (let at = 1; at <= tail; at++) {
    keptA.add(a.length - at);
    keptB.add(b.length - at);
  }
  return [keptA, keptB];
}

/** The places, on each side, of the longest common run of words. */
function common(a: readonly string[], b: readonly string[]): [Set<number>, Set<number>] {
  const width = b.length + 1;
  const length = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i * width + j] =
        a[i] === b[j]
          ? length[(i + 1) * width + j + 1] + 1
          : Math.max(length[(i + 1) * width + j], length[i * width + j + 1]);
    }
  }
  const [left, right] = [new Set<number>(), new Set<number>()];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      left.add(i++);
      right.add(j++);
    } else if (length[(i + 1) * width + j] >= length[i * width + j + 1]) {
      i++;
    } else {
      j++;
    }
  }
  return [left, right];
}

/**
 * The same number of words kept, but what differs moved to where people would put it: of `"a", "b"`
 * made from `"a"` the new is `, "b"`, not `", "b`. A run may move by a word that it ends with and
 * that stands before it as well, as the kept words are the same then.
 */
function slid(words: readonly string[], kept: ReadonlySet<number>): ReadonlySet<number> {
  const moved = new Set(kept);
  for (let end = words.length; end > 0; ) {
    if (moved.has(end - 1)) {
      end--;
      continue;
    }
    let start = end - 1;
    while (start > 0 && !moved.has(start - 1)) {
      start--;
    }
    const size = end - start;
    let best = start;
    let joined = false;
    for (let at = start; at > 0 && moved.has(at - 1) && words[at - 1] === words[at + size - 1]; at--) {
      joined = at > 1 && !moved.has(at - 2);
      if (joined || oddness(words, at - 1, size) < oddness(words, best, size)) {
        best = at - 1;
      }
    }
    for (let at = 0; at < size; at++) {
      moved.add(start + at);
    }
    for (let at = 0; at < size; at++) {
      moved.delete(best + at);
    }
    // Two runs that meet are one, which may move on.
    end = joined ? best + size : best;
  }
  return moved;
}

/** How oddly a run of words is cut: quotes and brackets that are open at its end count most. */
function oddness(words: readonly string[], start: number, size: number): number {
  const run = words.slice(start, start + size);
  const count = (sign: string): number => run.filter(word => word === sign).length;
  const open =
    (count('"') % 2) +
    (count("'") % 2) +
    Math.abs(count('(') - count(')')) +
    Math.abs(count('[') - count(']'));
  const atBlank = run[0].trim() === '' || run[size - 1].trim() === '' ? 0 : 1;
  return 2 * open + atBlank;
}

function pieces(words: readonly string[], kept: ReadonlySet<number>): Piece[] {
  const found: Piece[] = [];
  words.forEach((text, at) => {
    const marked = !kept.has(at);
    const last = found[found.length - 1];
    if (last !== undefined && last.marked === marked) {
      last.text += text;
    } else {
      found.push({ text, marked });
    }
  });
  return found;
}
