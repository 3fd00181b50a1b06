import { describe, expect, it } from 'vitest';

import { markWords, Piece, rows } from '../../src/diff/words';

const text = (pieces: Piece[] | null): string => (pieces ?? []).map(piece => piece.text).join('');

describe('lines of a diff', () => {
  it('pairs what was edited and marks the words', () => {
    const found = rows(['- model = RF(max_depth=6)', '+ model = RF(max_depth=8)']);
    expect(found).toHaveLength(1);
    if (found[0].kind !== 'pair') {
      throw new Error('a pair');
    }
    expect(found[0].pair.old?.filter(piece => piece.marked)).toEqual([{ text: '6', marked: true }]);
    expect(text(found[0].pair.now)).toBe('model = RF(max_depth=8)');
  });

  it('does not pair lines that have nothing in common', () => {
    const found = rows(['- import os', '+ y = fit(1)']);
    expect(found.map(row => row.kind === 'pair' && [row.pair.old === null, row.pair.now === null])).toEqual([
      [false, true],
      [true, false]
    ]);
  });

  it('marks what was put in as people would', () => {
    const marked = (old: string, now: string): string[] =>
      (markWords(old, now)?.[1] ?? []).filter(piece => piece.marked).map(piece => piece.text);
    expect(marked('X = df[["age", "tenure"]]', 'X = df[["age", "price", "tenure"]]')).toEqual([
      '"price", '
    ]);
    expect(marked('f(g(1))', 'f(g(1), g(2))')).toEqual([', g(2)']);
    expect(marked('a b', 'a b')).toEqual([]);
  });

  it('marks only the middle of a long line', () => {
    const long = Array.from({ length: 900 }, (_, at) => `v${at}`).join(', ');
    const found = markWords(`f([${long}], 0.5)`, `f([${long}], 0.75)`);
    expect(found?.[1].filter(piece => piece.marked).map(piece => piece.text)).toEqual(['75']);
    const all = markWords(long, long.replace(/v/g, 'w'));
    expect(all === null || all[1].length).toBeTruthy();
  });

  it('keeps hunks apart and other lines as they are', () => {
    const found = rows(['- a', '+ a2', '- b', '+ b2', '... 12 more lines']);
    const hunks = found.map(row => (row.kind === 'pair' ? row.hunk : -1));
    expect(new Set(hunks.filter(hunk => hunk >= 0)).size).toBe(2);
    expect(found[found.length - 1]).toEqual({ kind: 'other', text: '... 12 more lines' });
  });

  it('reads lines of files, which have no space after the sign', () => {
    const found = rows(['-    return 1', '+    return 2']);
    expect(found[0].kind === 'pair' && text(found[0].pair.old)).toBe('   return 1');
  });

  it('gives back every line whole', () => {
    const words = ['a', 'bb', ' ', '(', ')', '==', 'x1', '\t', 'é', '\u{1F600}'];
    let seed = 7;
    const pick = (): string => words[(seed = (seed * 16807) % 2147483647) % words.length];
    for (let turn = 0; turn < 300; turn++) {
      const [a, b] = [0, 0].map(() => Array.from({ length: turn % 17 }, pick).join(''));
      const marked = markWords(a, b);
      if (marked !== null) {
        expect([text(marked[0]), text(marked[1])]).toEqual([a, b]);
      }
    }
  });

  it('is bounded: a line of 100,000 words is marked whole, at once', () => {
    const long = 'word '.repeat(100_000);
    const start = performance.now();
    expect(markWords(long, `${long}more`)?.[0]).toHaveLength(1);
    expect(performance.now() - start).toBeLessThan(500);
  });
});
