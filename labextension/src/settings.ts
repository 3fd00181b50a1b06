/**
 * The settings page of the extension, read into a record with every default filled in.
 */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';

/** What the user can choose. The schema says the same, with its words. */
export interface Settings {
  /** What a row's delta is against. */
  deltaTo: 'previous' | 'production';
  /** Whether rows of frames are kept by a snapshot. */
  rows: 'budget' | 'always' | 'never';
  /** Whether a snapshot is told by a toast while the panel is not to be seen. */
  toast: boolean;
  statusBar: boolean;
  /** Folders in whose kernels snapbook is loaded by itself. */
  loadIn: string[];
}

export const DEFAULTS: Settings = {
  deltaTo: 'previous',
  rows: 'budget',
  toast: true,
  statusBar: true,
  loadIn: []
};

/** The settings in force; without a registry (or before it answers) the defaults. */
export function readSettings(found: ISettingRegistry.ISettings | null): Settings {
  const value: { [name: string]: unknown } = found?.composite ?? {};
  const { deltaTo, rows, toast, statusBar, loadIn } = value;
  return {
    deltaTo: deltaTo === 'production' ? 'production' : DEFAULTS.deltaTo,
    rows: rows === 'always' || rows === 'never' ? rows : DEFAULTS.rows,
    toast: typeof toast === 'boolean' ? toast : DEFAULTS.toast,
    statusBar: typeof statusBar === 'boolean' ? statusBar : DEFAULTS.statusBar,
    loadIn: Array.isArray(loadIn)
      ? loadIn.filter((item): item is string => typeof item === 'string')
      : DEFAULTS.loadIn
  };
}

/** The folder of a notebook, "" for the root. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '' : path.slice(0, at);
}

/** Whether snapbook is to be loaded in the kernel of `path` by itself. */
export function isLoadedIn(settings: Settings, path: string): boolean {
  const folder = folderOf(path);
  return settings.loadIn.some(
    known => folder === known || known === '' || folder.startsWith(`${known}/`)
  );
}
