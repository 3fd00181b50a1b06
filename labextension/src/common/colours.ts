/**
 * Python code in pieces of one kind each: keyword, string, comment and so on, for colours.
 *
 * Knows a parser by its shape and no element; the text of the pieces is the code, unchanged. IPython's
 * magics are no Python: they are hidden from the parser, so that a quote in them opens no string.
 */
import type { Tree } from '@lezer/common';
import { highlightTree, tagHighlighter, tags as t } from '@lezer/highlight';

/** A piece of code; `kind` is empty where it has no colour of its own. */
export interface Span {
  text: string;
  kind: string;
}

/** What makes a tree of code: the parser of a language of the editor. */
export interface Parser {
  parse(code: string): Tree;
}

/** More is not parsed at once: the browser has to answer keys in between. */
const LONGEST = 20_000;

const kinds = tagHighlighter([
  { tag: t.meta, class: 'meta' },
  { tag: [t.keyword, t.bool, t.null, t.operatorKeyword], class: 'keyword' },
  { tag: t.number, class: 'number' },
  { tag: [t.definition(t.name), t.function(t.definition(t.variableName))], class: 'def' },
  { tag: [t.self, t.special(t.variableName)], class: 'self' },
  { tag: t.propertyName, class: 'property' },
  { tag: t.operator, class: 'operator' },
  { tag: t.comment, class: 'comment' },
  { tag: t.string, class: 'string' },
  { tag: t.special(t.string), class: 'string' }
]);

// Cell magics whose cell is Python all the same. Of others the rest may be any language.
const PYTHON_CELLS =
  /^%%(version_model|snapbook|time|timeit|capture|prun|debug|python|python3|pypy)\b/;
// "% b" goes on a sum, "!=" a comparison: a magic has its name right behind the sign.
const MAGIC = /^\s*(%{1,2}[A-Za-z]|!{1,2}(?![=\s])|\?{1,2}[A-Za-z])/;
const TRIPLE = /'''|"""/g;

/** The code in pieces, in order; together they are the code. */
export function spans(code: string, parser: Parser): Span[] {
  const head = beginning(code);
  const { python, magics } = withoutMagics(head);
  const marks = [...magics];
  highlightTree(parser.parse(python), kinds, (from, to, kind) => marks.push({ from, to, kind }));
  marks.sort((a, b) => a.from - b.from);
  const found: Span[] = [];
  let at = 0;
  for (const { from, to, kind } of marks) {
    if (from < at || to <= from) {
      continue;
    }
    add(found, code.slice(at, from), '');
    add(found, code.slice(from, to), kind);
    at = to;
  }
  add(found, code.slice(at), '');
  return found;
}

/**
 * The pieces of each part of a code that stands in several: lines of a diff, words of a line.
 * Each part gets those that cover it, cut at its ends.
 */
export function split(found: readonly Span[], lengths: readonly number[]): Span[][] {
  let [next, used] = [0, 0];
  return lengths.map(length => {
    const part: Span[] = [];
    for (let left = length; left > 0 && next < found.length; ) {
      const { text, kind } = found[next];
      const piece = text.slice(used, used + left);
      add(part, piece, kind);
      left -= piece.length;
      used += piece.length;
      if (used >= text.length) {
        [next, used] = [next + 1, 0];
      }
    }
    return part;
  });
}

function add(found: Span[], text: string, kind: string): void {
  if (text !== '') {
    found.push({ text, kind });
  }
}

/** The first lines, as far as they are parsed. */
function beginning(code: string): string {
  if (code.length <= LONGEST) {
    return code;
  }
  const end = code.lastIndexOf('\n', LONGEST);
  return code.slice(0, end > 0 ? end : LONGEST);
}

interface Mark {
  from: number;
  to: number;
  kind: string;
}

/** The code with blanks in place of its magics, and where those are. */
function withoutMagics(code: string): { python: string; magics: Mark[] } {
  const magics: Mark[] = [];
  const lines = code.split('\n');
  let [at, inString, foreign] = [0, false, false];
  const python = lines.map((line, number) => {
    const from = at;
    at += line.length + 1;
    if (foreign) {
      return ' '.repeat(line.length);
    }
    if (!inString && MAGIC.test(line)) {
      magics.push({ from, to: from + line.length, kind: 'meta' });
      foreign = number === 0 && line.startsWith('%%') && !PYTHON_CELLS.test(line);
      return ' '.repeat(line.length);
    }
    if ((line.match(TRIPLE)?.length ?? 0) % 2 === 1) {
      inString = !inString;
    }
    return line;
  });
  return { python: python.join('\n'), magics };
}
