import { describe, expect, it } from 'vitest';

import { histogram, percent, shares } from '../../src/page/histogram';
import { trans } from './sample';

const sum = (values: number[]): number => values.reduce((total, one) => total + one, 0);

describe('a histogram of quantiles', () => {
  it('spreads all values, whatever the quantiles', () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let turn = 0; turn < 200; turn++) {
      const quantiles = Array.from({ length: 11 }, () => Math.round(random() * 20) * (turn % 7));
      const found = shares(quantiles.sort((a, b) => a - b), 12);
      expect(sum(found)).toBeCloseTo(1, 9);
      expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
    }
  });

  it('is even for even quantiles and heaps equal ones', () => {
    const even = shares([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5);
    even.forEach(share => expect(share).toBeCloseTo(0.2, 9));
    const heap = shares([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1], 12);
    expect(heap[0]).toBeGreaterThan(0.6);
    expect(heap[11]).toBeGreaterThan(0.3);
  });

  it('says the same in words', () => {
    const quantiles = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect(histogram({ kind: 'numeric', nulls: 0.1, quantiles }, trans).words).toBe(
      '0 to 10, half below 5, 10 % missing'
    );
    const days = quantiles.map(day => day * 86_400_000_000_000);
    expect(histogram({ kind: 'time[ns]', nulls: 0, quantiles: days }, trans).words).toBe(
      '1970-01-01 to 1970-01-11, half below 1970-01-06'
    );
  });

  it('names categories and puts the rest together', () => {
    const top = Array.from({ length: 12 }, (_, at) => [`c${at}`, 0.05]);
    const found = histogram({ kind: 'categories', distinct: 40, nulls: 0, top }, trans);
    expect(found.bars).toHaveLength(9);
    expect(found.bars[8].share).toBeCloseTo(0.6, 9);
    expect(found.words).toContain('40 different values');
  });

  it('is harmless for anything else', () => {
    expect(histogram({}, trans).bars).toEqual([]);
    expect(histogram({ kind: 'numeric', quantiles: ['a', null] }, trans).bars).toEqual([]);
    expect(histogram({ kind: 'numeric', nulls: 0, quantiles: [3, 3, 3] }, trans).words).toBe('always 3');
    expect(percent(0.004)).toBe('0.40 %');
  });
});
