import { describe, expect, it } from 'vitest';

import { sliceEnd } from '../../src/common/slices';
import { arrow, asLines, groups, ofFrame, sameText, stops, strip } from '../../src/diff/sections';
import { place } from '../../src/diff/place';
import { change, compared, trans } from './sample';

const shift = (column: string, distance: number) =>
  change('data', 'X', { facts: { kind: 'shift', column, distance }, lines: [`${column}: shift`] });

describe('a comparison in sections', () => {
  it('has code first and keeps what it does not know', () => {
    const found = groups(
      compared([change('weather', 'sun'), change('params', 'a'), change('code', 'cell 3')])
    );
    expect(found.map(group => group.section)).toEqual(['code', 'params', 'weather']);
  });

  it('stops once a change, once a frame, once at packages not in use', () => {
    const unused = (name: string) =>
      change('environment', name, { facts: { package: true, used: false } });
    const found = stops(
      compared([
        change('code', 'cell 3'),
        shift('a', 0.2),
        change('data', 'Y'),
        shift('b', 0.1),
        unused('p'),
        unused('q'),
        change('environment', 'python')
      ])
    );
    expect(found.map(stop => `${stop.section} ${stop.changes.length}`)).toEqual([
      'code 1',
      'data 2',
      'data 1',
      'environment 1',
      'environment 2'
    ]);
  });

  it('sorts a frame: schema, rows, shift with the worst first', () => {
    const frame = ofFrame([
      shift('a', 0.2),
      shift('b', 0.9),
      change('data', 'X', { facts: { kind: 'rows' } }),
      change('data', 'X', { facts: { kind: 'column' } })
    ]);
    expect(frame.shifts.map(one => one.facts['column'])).toEqual(['b', 'a']);
    expect([frame.schema.length, frame.rows.length]).toEqual([1, 1]);
  });

  it('is told in one line', () => {
    const value = compared([
      change('metrics', 'accuracy', { old: 0.9, new: 0.95, better: true }),
      change('params', 'max_depth', { old: 6, new: 8 }),
      change('code', 'cell 3'),
      change('code', 'features.py')
    ]);
    expect(strip(value, trans).map(brief => brief.text)).toEqual([
      'accuracy 0.900 → 0.950',
      'max_depth 6 → 8',
      '1 cell changed',
      'data same',
      'environment same'
    ]);
  });

  it('says moved cells by both brackets', () => {
    expect(place(change('code', 'cell 6', { what: 'moved', old: 4, new: 6 }))).toBe('[4] → [6]');
    expect(place(change('code', 'cell 11', { what: 'removed' }))).toBe('[11]');
    expect(place(change('code', 'features.py'))).toBe('features.py');
  });

  it('says what came and went', () => {
    expect(arrow(change('params', 'a', { what: 'added', new: 3 }))).toBe('3 (new)');
    expect(arrow(change('params', 'a', { what: 'removed', old: null }))).toBe('removed');
    expect(arrow(change('metrics', 'a', { what: 'removed', old: 0.9933333 }))).toBe('0.993 (gone)');
    expect(sameText({ cell: 1, frame: 4, environment: 1, file: 0 }, trans)).toBe(
      '1 cell, 4 frames, environment'
    );
  });

  it('has a text of its own where the kernel sends none', () => {
    const lines = asLines(compared([change('params', 'max_depth', { old: 6, new: 8 })]));
    expect(lines[1]).toBe('params    max_depth  6 -> 8');
    expect(lines[2]).toContain('same');
  });
});

describe('slices', () => {
  it('take at least one and cover all', () => {
    let at = 0;
    let turns = 0;
    while (at < 500) {
      const next = sliceEnd(at, 500, 400, () => 2000);
      expect(next).toBeGreaterThan(at);
      at = next;
      turns++;
    }
    expect(turns).toBe(500);
    expect(sliceEnd(0, 500, 400, () => 1)).toBe(400);
  });
});
