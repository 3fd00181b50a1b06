/** What a review says: of gates, of approvals, of what is missing. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';

import { inline } from '../common/text';
import { numberOf } from '../format';
import type { Row } from '../types';
import type { Judged, Opinion, Review, Stay } from './types';

/** Gates that keep the version out first, then those that warn, then those that were passed. */
export function sorted(judged: readonly Judged[]): { open: Judged[]; passed: Judged[] } {
  const open = judged.filter(one => !one.verdict.passed);
  return {
    open: [...open.filter(one => one.refuses), ...open.filter(one => !one.refuses)],
    passed: judged.filter(one => one.verdict.passed)
  };
}

/** "1 fails, 1 warns, 3 pass". */
export function gatesText(judged: readonly Judged[], trans: TranslationBundle): string {
  const { open, passed } = sorted(judged);
  const refuses = open.filter(one => one.refuses).length;
  const warns = open.length - refuses;
  return [
    refuses > 0 ? trans._n('%1 fails', '%1 fail', refuses) : '',
    warns > 0 ? trans._n('%1 warns', '%1 warn', warns) : '',
    passed.length > 0 ? trans._n('%1 passes', '%1 pass', passed.length) : ''
  ]
    .filter(Boolean)
    .join(', ');
}

/** How many approvals count. */
export function approvals(said: readonly Opinion[]): number {
  return said.filter(one => one.word === 'approve' && one.counts === '').length;
}

/** Where a rollback leads: the newest stay that was elsewhere; null where there is none. */
export function backTo(review: Review): Stay | null {
  const live = review.live?.manifest;
  return review.history.find(stay => stay.ref !== '' && stay.manifest !== live) ?? null;
}

/**
 * The columns of the comparison: what is live, what is looked at, the newest, the benchmarks. A
 * version that is several of these has one column with all its titles.
 */
export function columns(
  review: Review,
  rows: readonly Row[],
  trans: TranslationBundle
): { title: string; row: Row }[] {
  const found: { title: string; row: Row }[] = [];
  const add = (manifest: string | undefined, title: string, alone = true): void => {
    const row = rows.find(one => one.manifest === manifest);
    const there = found.find(one => one.row.manifest === manifest);
    if (there !== undefined && !alone) {
      there.title += `, ${title}`;
    } else if (there === undefined && row !== undefined) {
      found.push({ title, row });
    }
  };
  const asked = review.said.some(one => one.word === 'request');
  const newest = rows.reduce<Row | null>((last, row) => (!last || row.n > last.n ? row : last), null);
  add(review.live?.manifest, review.alias);
  add(review.candidate?.manifest, asked ? trans.__('asked for') : trans.__('candidate'));
  add(newest?.manifest, trans.__('newest'));
  for (const [name, version] of Object.entries(review.benchmarks ?? {})) {
    add(version.manifest, name, false);
  }
  return found;
}

/** What was said of a version, as done. */
export function opinionText(word: 'request' | 'approve' | 'reject', ref: string, alias: string): string {
  return `${DONE[word]} ${inline(ref)} for ${inline(alias)}.`;
}

const DONE = { request: 'Asked for', approve: 'Approved', reject: 'Rejected' };

/** Where an alias of a model points after an act, and where it did before, "" for nowhere. */
export function movedText(alias: string, model: string, now: string, before: string): string {
  const was = before === '' ? '' : ` (was ${before})`;
  return `${inline(alias)} of ${inline(model)} is ${now}${was}.`;
}

/** "1.5.0" of churn:1.5.0, "nothing" for none. */
export function numberText(ref: string | undefined, trans: TranslationBundle): string {
  return ref ? inline(numberOf(ref), 60) : trans.__('nothing');
}
