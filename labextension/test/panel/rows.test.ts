import { describe, expect, it } from 'vitest';
import { headingOf, HEIGHTS, layOut, lineAt, lineOf } from '../../src/rows';
import { row, rows, trans } from './sample';

const NOW = Date.UTC(2026, 0, 20, 12);
const none = new Set<string>();

describe('the lines of the list', () => {
  it('stand under one heading a day, then a month', () => {
    const found = layOut(
      [
        row(5, { time: new Date(NOW - 3600_000).toISOString() }),
        row(4, { time: new Date(NOW - 2 * 3600_000).toISOString() }),
        row(3, { time: new Date(NOW - 86_400_000).toISOString() }),
        row(2, { time: '2025-11-02T12:00:00Z' }),
        row(1, { time: '2025-11-01T12:00:00Z' })
      ],
      NOW,
      none,
      false,
      trans
    );
    const headings = found.lines.flatMap(line => (line.kind === 'heading' ? [line.text] : []));
    expect(headings).toEqual(['today', 'yesterday', 'November 2025']);
    expect(headingOf(found, found.lines.length - 1)).toBe('November 2025');
    expect(found.stops).toEqual([1, 2, 4, 6, 7]);
  });

  it('begin where the one before ends, and are found again by any pixel', () => {
    const { lines, tops, ...rest } = layOut(rows(2000), NOW, none, true, trans);
    expect(tops).toHaveLength(lines.length + 1);
    lines.forEach((line, i) => {
      expect(tops[i + 1] - tops[i]).toBe(HEIGHTS[line.kind]);
      expect(lineAt({ lines, tops, ...rest }, tops[i])).toBe(i);
      expect(lineAt({ lines, tops, ...rest }, tops[i + 1] - 1)).toBe(i);
    });
    expect(lineAt({ lines, tops, ...rest }, 1e9)).toBe(lines.length - 1);
    expect(lines[lines.length - 1].kind).toBe('more');
  });

  it('fold runs of automatic versions, but none that somebody cares for', () => {
    const versions = rows(8).map(({ n }) => row(n, { auto: n >= 2 && n <= 7 }));
    versions[4] = row(4, { auto: true, message: 'keep this one' });
    const folded = layOut(versions, NOW, none, false, trans);
    // 8 | 7 6 5 folded | 4 (message) | 3 2: too few | 1
    expect(folded.lines.map(({ key }) => key).slice(1)).toEqual([
      'churn:0.8.0',
      'fold churn:0.5.0',
      'churn:0.4.0',
      'churn:0.3.0',
      'churn:0.2.0',
      'churn:0.1.0'
    ]);
    const open = layOut(versions, NOW, new Set(['fold churn:0.5.0']), false, trans);
    expect(lineOf(open, 'churn:0.6.0')).toBeGreaterThan(0);
    // Places count what the keyboard stops at, without gaps.
    const places = open.lines.flatMap(line =>
      line.kind === 'version' || line.kind === 'fold' ? [line.at] : []
    );
    expect(places).toEqual(places.map((_, i) => i));
  });

  it('leave room for what is not loaded, and count it', () => {
    const loaded = [...rows(1000).slice(0, 200), ...rows(200)];
    const found = layOut(loaded, NOW, none, true, trans, { at: 200, count: 600 });
    const { gap, lines, tops, stops, places } = found;
    expect(lines[gap].kind).toBe('gap');
    expect(tops[gap + 1] - tops[gap]).toBe(600 * HEIGHTS.version);
    expect(lines[gap + 1].kind).toBe('heading');
    expect(lines.some(({ kind }) => kind === 'more')).toBe(false);
    expect(places).toBe(1000);
    const last = lines[stops[stops.length - 1]];
    expect(last.kind === 'version' && [last.row.n, last.at + 1]).toEqual([1, 1000]);
    expect(stops).not.toContain(gap);
  });

  it('keep the name of a fold when newer automatic versions come', () => {
    const auto = (n: number) => row(n, { auto: true });
    const before = layOut([3, 2, 1].map(auto), NOW, none, false, trans);
    const after = layOut([5, 4, 3, 2, 1].map(auto), NOW, none, false, trans);
    expect(before.lines[1].key).toBe(after.lines[1].key);
  });

  it('are laid out fast: 10,000 in well under a frame or two', () => {
    const versions = rows(10_000);
    const begin = performance.now();
    layOut(versions, NOW, none, false, trans);
    expect(performance.now() - begin).toBeLessThan(400);
  });
});
