/**
 * The names that the rooms of this extension share: commands and what pages may ask for.
 *
 * Imports no sibling, so that every room can import it.
 */
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

/** The id of the plugin, of its settings and of its translations. */
export const PLUGIN_ID = 'snapbook:panel';
export const DOMAIN = 'snapbook';

/** Every command; those of further verbs are `snapbook:verb-NAME`. */
export namespace CommandIDs {
  export const snapshot = 'snapbook:snapshot';
  export const openPanel = 'snapbook:open-panel';
  export const openVersion = 'snapbook:open-version';
  export const diff = 'snapbook:diff';
  export const diffNow = 'snapbook:diff-now';
  export const diffProduction = 'snapbook:diff-production';
  export const restore = 'snapbook:restore';
  export const undo = 'snapbook:undo';
  export const mark = 'snapbook:mark';
  export const note = 'snapbook:note';
  export const tag = 'snapbook:tag';
  export const rename = 'snapbook:rename';
  export const remove = 'snapbook:delete';
  export const review = 'snapbook:review';
  export const monitor = 'snapbook:monitor';
  export const verify = 'snapbook:verify';
  export const gc = 'snapbook:gc';
  export const exportVersion = 'snapbook:export';
  export const copyRef = 'snapbook:copy-ref';
  export const load = 'snapbook:load';
  export const containing = 'snapbook:containing';
  export const commentForm = 'snapbook:comment-form';
  export const openForm = 'snapbook:open-form';
  export const notThisModel = 'snapbook:not-this-model';
  export const closeForm = 'snapbook:close-form';
  export const refresh = 'snapbook:refresh';
  export const search = 'snapbook:search';
  export const allModels = 'snapbook:all-models';
  export const startKernel = 'snapbook:start-kernel';
  export const dismissRestart = 'snapbook:dismiss-restart';
  export const kernelList = 'snapbook:kernel-list';
  export const nextChange = 'snapbook:next-change';
  export const previousChange = 'snapbook:previous-change';
  export const toggleOutputs = 'snapbook:toggle-outputs';
  export const swapSides = 'snapbook:swap-sides';
  export const sideBySide = 'snapbook:side-by-side';
  export const older = 'snapbook:older-version';
  export const newer = 'snapbook:newer-version';
  export const pageDiff = 'snapbook:page-diff';
  export const pageRestore = 'snapbook:page-restore';
  export const backToRow = 'snapbook:back-to-row';
  export const runVersioned = 'snapbook:run-versioned-cells';
  export const escape = 'snapbook:escape';
  export const backToNotebook = 'snapbook:back-to-notebook';
  export const verb = (name: string): string => `snapbook:verb-${name}`;
}

/**
 * What a page may ask whoever shows it to do. `path` is the notebook's path in the contents API,
 * `ref` a literal reference such as churn:0.2.0. Failures are shown, not thrown. What cannot be done
 * where the page stands is absent, and nothing offers it.
 */
export interface PageActions {
  openVersion(path: string, ref: string): void;
  /** Without `newer`: against the version before it. `newer` "now" is the live session. */
  openDiff(path: string, older: string, newer?: string): void;
  /** Into the kernel; where this is there, so is a live session to compare with. */
  restore?(path: string, ref: string): void;
  /** Beside what it may replace, to be judged. */
  review?(path: string, ref: string): void;
  tag?(path: string, ref: string): void;
  note?(path: string, ref: string): void;
  remove?(path: string, ref: string): void;
  exportVersion?(path: string, ref: string): void;
  openFile?(path: string): void;
  copy(text: string): void;
  /** Put the keyboard back onto the panel's row of this version. */
  backToRow(path: string, ref: string): void;
}

/** What other extensions may use: the repository of the active notebook changed. */
export interface ISnapbook {
  /** Emits the opaque id of a place whose versions changed. */
  readonly changed: ISignal<ISnapbook, string>;
}

export const ISnapbook = new Token<ISnapbook>(
  'snapbook:ISnapbook',
  'Tells when versions were made, moved or deleted.'
);
