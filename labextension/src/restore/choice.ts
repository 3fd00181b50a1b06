/**
 * What a restore may do and what was chosen: plain values, and the words that name the acts.
 *
 * Pure. What can be lost decides which button is the safe one.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import { inline } from '../common/text';
import type { Lost, Restored, Swap } from '../types';

/** What the dialog is told. All but the preview may be left out where it is not known. */
export interface Before {
  /** The answer of `restore REF --dry-run`. */
  preview: Restored;
  /** The reference under which what would be lost is kept first, such as churn:0.3.2. */
  next?: string;
  /** The stored frames of the version. */
  data?: { frames: number; bytes: number };
  /** The executed cells of the version, and the notebook they would be written to. */
  cells?: { count: number; newNotebook: string; here: string; unsaved: boolean };
}

/** What was chosen. */
export interface Choice {
  model: boolean;
  data: boolean;
  /** Where the cells go: a new notebook, in place of those here, or nowhere. */
  cells: 'new' | 'replace' | null;
  /** Make a version of what would be lost first. */
  keep: boolean;
}

/** The choice with which the dialog opens: the model, and nothing is lost. */
export function usual(before: Before): Choice {
  return { model: true, data: false, cells: null, keep: lost(before.preview).length > 0 };
}

/** Variables whose present value is in no version. */
export function lost(preview: Restored): Lost[] {
  return (
    preview.lost ??
    preview.replaced
      .filter(([, kept]) => kept === '')
      .map(([name]) => ({ name, what: '', why: '', time: '' }))
  );
}

/** What becomes of each variable: before and after, in words. */
export function swaps(preview: Restored): Swap[] {
  return (
    preview.swaps ??
    preview.bound.map(([name, now]) => ({ name, old: '', new: now, changes: [], same: false }))
  );
}

/** Whether something is gone for good after this choice. */
export function loses(before: Before, choice: Choice): boolean {
  return choice.model && !choice.keep && lost(before.preview).length > 0;
}

/** Whether there is anything to do. */
export function isEmpty(choice: Choice): boolean {
  return !choice.model && !choice.data && choice.cells === null;
}

/** The label of the button that does it: what will happen, in words. */
export function buttonLabel(before: Before, choice: Choice, trans: TranslationBundle): string {
  const { replaced, bound } = before.preview;
  const name = inline(replaced[0]?.[0] ?? bound[0]?.[0] ?? trans.__('model'), 40);
  // Cells of a new notebook replace nothing.
  const cells = choice.cells === 'replace' || (choice.cells !== null && !choice.model);
  const things = listed(
    [
      ...(choice.model ? [name] : []),
      ...(choice.data ? [trans.__('data')] : []),
      ...(cells ? [trans.__('cells')] : [])
    ],
    trans
  );
  if (!choice.model || replaced.length === 0) {
    return trans.__('Restore %1', things);
  }
  const keeps = choice.keep && lost(before.preview).length > 0;
  return keeps ? trans.__('Snapshot, then replace %1', things) : trans.__('Replace %1', things);
}

/** "model, data and cells". */
function listed(things: readonly string[], trans: TranslationBundle): string {
  const last = things[things.length - 1] ?? '';
  const others = things.slice(0, -1).join(', ');
  return others === '' ? last : trans.__('%1 and %2', others, last);
}
