/**
 * The changes of a comparison, sorted into what the tab shows, and the strip above it.
 *
 * Code first, then what it led to. Pure, on plain values.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import { inline } from '../common/text';
import { asNumber, asText, metricText, pairText, valueText } from '../common/values';
import type { Change, Compared } from '../types';

/** The sections in the order of the tab. */
export const ORDER = [
  'code',
  'params',
  'metrics',
  'data',
  'model',
  'environment',
  'files'
] as const;

/** One of them, or a newer server's. */
export type SectionName = string;

/** A section and its changes. */
export interface Group {
  section: SectionName;
  changes: Change[];
}

/** The changes by section, empty sections left out; unknown ones come last. */
export function groups(compared: Compared): Group[] {
  const found = new Map<string, Change[]>(ORDER.map(section => [section, []]));
  for (const change of compared.changes) {
    const list = found.get(change.section);
    if (list === undefined) {
      found.set(change.section, [change]);
    } else {
      list.push(change);
    }
  }
  return [...found]
    .filter(([, changes]) => changes.length > 0)
    .map(([section, changes]) => ({ section, changes }));
}

/** What n and p stop at: one change, all changes of one frame, or all packages not in use. */
export interface Stop {
  section: SectionName;
  changes: Change[];
}

/** The stops of a comparison, in the order of the tab. */
export function stops(compared: Compared): Stop[] {
  return groups(compared).flatMap(({ section, changes }) => {
    if (section === 'data') {
      return gathered(changes, change => change.name).map(found => ({ section, changes: found }));
    }
    const told = changes.filter(change => !isUnused(change));
    const unused = changes.filter(isUnused);
    const single = told.map(change => ({ section, changes: [change] }));
    return unused.length > 0 ? [...single, { section, changes: unused }] : single;
  });
}

/** Whether a change is of a package that no cell imported. */
export function isUnused(change: Change): boolean {
  return change.facts['package'] === true && change.facts['used'] === false;
}

/** How much of the tab a stop fills, in lines, if each change shows at most `most`. */
export function height(stop: Stop, most: number): number {
  return stop.changes.reduce((sum, change) => sum + 1 + Math.min(change.lines.length, most), 0);
}

function gathered(changes: readonly Change[], key: (change: Change) => string): Change[][] {
  const found = new Map<string, Change[]>();
  for (const change of changes) {
    const list = found.get(key(change));
    if (list === undefined) {
      found.set(key(change), [change]);
    } else {
      list.push(change);
    }
  }
  return [...found.values()];
}

/** Whether a change is of a cell; else, in the code, it is a module's or the document's. */
export function isCell(change: Change): boolean {
  return change.section === 'code' && /^cell /.test(change.name);
}

/** A section's name for people. */
export function sectionTitle(section: SectionName, trans: TranslationBundle): string {
  const titles: { [name: string]: string } = {
    code: trans.__('Code'),
    params: trans.__('Parameters'),
    metrics: trans.__('Metrics'),
    data: trans.__('Data'),
    model: trans.__('Model'),
    environment: trans.__('Environment'),
    files: trans.__('Files')
  };
  return titles[section] ?? inline(section, 40);
}

/** One word of the strip. */
export interface Brief {
  section: SectionName;
  text: string;
  better: boolean | null;
}

/** The comparison in one line: main metrics, parameters, and per section whether it is the same. */
export function strip(compared: Compared, trans: TranslationBundle): Brief[] {
  const bySection = new Map(groups(compared).map(group => [group.section, group.changes]));
  const told: Brief[] = [];
  for (const section of ['metrics', 'params'] as const) {
    const changes = bySection.get(section) ?? [];
    for (const change of changes.slice(0, 2)) {
      told.push({ section, text: `${change.name} ${arrow(change)}`, better: change.better });
    }
    if (changes.length > 2) {
      const more = changes.length - 2;
      const text =
        section === 'metrics'
          ? trans._n('%1 more metric', '%1 more metrics', more)
          : trans._n('%1 more parameter', '%1 more parameters', more);
      told.push({ section, text, better: null });
    }
  }
  for (const section of ['code', 'data', 'environment'] as const) {
    const changes = bySection.get(section) ?? [];
    const count = changes.length;
    const cells = changes.filter(isCell).length;
    const title = sectionTitle(section, trans).toLowerCase();
    const text =
      count === 0
        ? trans.__('%1 same', title)
        : cells > 0
          ? trans._n('%1 cell changed', '%1 cells changed', cells)
          : trans._n('%2: %1 change', '%2: %1 changes', count, title);
    told.push({ section, text, better: null });
  }
  return told;
}

/** A change as "old → new", or what came or went. */
export function arrow(change: Change): string {
  const text = change.section === 'metrics' ? metricText : valueText;
  if (change.what === 'added') {
    return change.new === null ? 'added' : `${text(change.new)} (new)`;
  }
  if (change.what === 'removed') {
    return change.old === null ? 'removed' : `${text(change.old)} (gone)`;
  }
  if (change.old === null && change.new === null) {
    return '';
  }
  return pairText(change.old, change.new).join(' → ');
}

/** What is the same, in words: "25 cells, 4 frames, environment". */
export function sameText(same: Compared['same'], trans: TranslationBundle): string {
  const words = Object.entries(same)
    .filter(([, count]) => count > 0)
    .map(([noun, count]) => {
      switch (noun) {
        case 'cell':
          return trans._n('%1 cell', '%1 cells', count);
        case 'frame':
          return trans._n('%1 frame', '%1 frames', count);
        case 'file':
          return trans._n('%1 file', '%1 files', count);
        case 'package':
          return trans._n('%1 package', '%1 packages', count);
        case 'environment':
          return trans.__('environment');
        case 'model':
          return trans.__('model');
        default:
          return `${count} ${noun}`;
      }
    });
  return words.join(', ');
}

/** A data section's changes of one frame, in the order in which they should be read. */
export interface FrameChanges {
  name: string;
  /** Columns, type, order, row labels. */
  schema: Change[];
  /** Rows and cells. */
  rows: Change[];
  /** Columns whose distribution moved, worst first. */
  shifts: Change[];
}

/** The changes of one frame, sorted. */
export function ofFrame(changes: readonly Change[]): FrameChanges {
  const frame: FrameChanges = { name: changes[0]?.name ?? '', schema: [], rows: [], shifts: [] };
  for (const change of changes) {
    const kind = asText(change.facts['kind']);
    if (kind === 'shift') {
      frame.shifts.push(change);
    } else if (kind === 'rows' || kind === 'cells' || kind === 'values') {
      frame.rows.push(change);
    } else {
      frame.schema.push(change);
    }
  }
  frame.shifts.sort((a, b) => distance(b) - distance(a));
  return frame;
}

/** How far a column's distribution moved, 0 to 1. */
export function distance(change: Change): number {
  return asNumber(change.facts['distance']) ?? 0;
}

/** What a diff prints, for a comparison that came without its text (one with the live session). */
export function asLines(compared: Compared): string[] {
  const head = `${compared.old} -> ${compared.new}`;
  const lines = [compared.apart ? `${head}     ${compared.apart}` : head];
  for (const { section, changes } of groups(compared)) {
    changes.forEach((change, at) => {
      const label = (at === 0 ? section : '').padEnd(10);
      const told = arrow(change).replace('→', '->');
      const what = change.what === 'changed' ? '' : ` ${change.what}`;
      lines.push(`${label}${change.name}${section === 'code' ? what : `  ${told}`}`.trimEnd());
      change.lines.forEach(line => lines.push(`${''.padEnd(12)}${line}`));
    });
  }
  const same = Object.entries(compared.same).filter(([, count]) => count > 0);
  if (same.length > 0) {
    lines.push(`${'same'.padEnd(10)}${same.map(([noun, count]) => `${count} ${noun}`).join(', ')}`);
  }
  return lines;
}
