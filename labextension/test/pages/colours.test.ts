import { parser } from '@lezer/python';
import { describe, expect, it } from 'vitest';

import { spans, split, type Span } from '../../src/common/colours';
import { painted } from '../../src/diff/paint';
import { rows } from '../../src/diff/words';

const text = (found: readonly Span[]): string => found.map(span => span.text).join('');
const kindOf = (code: string, part: string): string | undefined =>
  spans(code, parser).find(span => span.text.includes(part))?.kind;

describe('the colours of code', () => {
  it('tells what the words are', () => {
    const code = 'def fit(x):  # now\n    return "a" if x > 1.5 else None';
    expect(kindOf(code, 'def')).toBe('keyword');
    expect(kindOf(code, 'fit')).toBe('def');
    expect(kindOf(code, '# now')).toBe('comment');
    expect(kindOf(code, '"a"')).toBe('string');
    expect(kindOf(code, '1.5')).toBe('number');
    expect(kindOf(code, 'None')).toBe('keyword');
    expect(text(spans(code, parser))).toBe(code);
  });

  it('keeps magics from opening strings', () => {
    for (const magic of ["%%version_model churn -m 'it''s", "!echo don't \"\"\"", '%cd "a', '?x']) {
      const code = `${magic}\nx = 1`;
      expect(kindOf(code, magic)).toBe('meta');
      expect(kindOf(code, '1')).toBe('number');
      expect(text(spans(code, parser))).toBe(code);
    }
  });

  it('leaves cells in other languages plain', () => {
    const code = "%%bash\nif [ 1 ]; then echo 'it'; fi";
    expect(spans(code, parser).map(span => span.kind)).toEqual(['meta', '']);
    expect(text(spans(code, parser))).toBe(code);
  });

  it('takes no operator and no text for a magic', () => {
    expect(kindOf('x = (a\n  % b)', '%')).toBe('operator');
    expect(kindOf('s = """\n%d of\n"""\ny = 2', '%d of')).toBe('string');
    expect(kindOf('s = """\n%d of\n"""\ny = 2', '2')).toBe('number');
  });

  it('gives back every text whole, whatever it is', () => {
    const odd = [
      '',
      '\n',
      '"""',
      "'\n%x\n'''",
      '\u{1F600} = "\ud83d',
      '<script>x</script>',
      '(((',
      ')'.repeat(500),
      'x = 1\n'.repeat(20_000)
    ];
    for (const code of odd) {
      expect(text(spans(code, parser))).toBe(code);
    }
  });

  it('colours no more than the beginning of a long text', () => {
    const found = spans('x = 1\n'.repeat(100_000), parser);
    expect(found.length).toBeLessThan(20_000);
    expect(found[found.length - 1].text.length).toBeGreaterThan(500_000);
  });

  it('is cut where the parts end', () => {
    const found: Span[] = [
      { text: 'abc', kind: 'x' },
      { text: 'de', kind: '' }
    ];
    expect(split(found, [1, 0, 3, 1])).toEqual([
      [{ text: 'a', kind: 'x' }],
      [],
      [
        { text: 'bc', kind: 'x' },
        { text: 'd', kind: '' }
      ],
      [{ text: 'e', kind: '' }]
    ]);
  });
});

describe('the colours of a diff', () => {
  it('go on from line to line, and keep the marks', () => {
    const found = rows(['- a = """one', '- two"""', '+ a = """one', '+ three"""', '... 3 more', '+ b = 1']);
    const all = painted(found, parser);
    const told = (sign: 'old' | 'now'): string[][] =>
      found.flatMap(row => {
        const pieces = row.kind === 'pair' ? row.pair[sign] : null;
        return pieces === null ? [] : [(all.get(pieces) ?? []).flat().map(span => span.kind)];
      });
    expect(told('old')[1]).toEqual(['string', 'string']);
    expect(told('now').at(-1)).toEqual(['', 'operator', '', 'number']);
    for (const row of found) {
      for (const pieces of row.kind === 'pair' ? [row.pair.old, row.pair.now] : []) {
        expect(pieces?.map(piece => piece.text)).toEqual(
          pieces === null ? undefined : all.get(pieces)?.map(text)
        );
      }
    }
  });
});
