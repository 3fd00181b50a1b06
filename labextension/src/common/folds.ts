/**
 * Which sections the user keeps open, remembered per section and shared by all pages.
 *
 * Knows only keys. Storage may be absent or full: then it forgets, and says nothing.
 */
import { ISignal, Signal } from '@lumino/signaling';

const KEY = 'snapbook:folds';

/** The open and closed sections. */
export class Folds {
  constructor(private readonly _storage: Pick<Storage, 'getItem' | 'setItem'> | null) {
    this._states = read(_storage);
  }

  /** Emitted after any section was opened or closed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether a section is open; `usually` where the user never said. */
  isOpen(key: string, usually: boolean): boolean {
    return this._states[key] ?? usually;
  }

  /** Open or close a section. */
  set(key: string, open: boolean): void {
    this._states[key] = open;
    try {
      this._storage?.setItem(KEY, JSON.stringify(this._states));
    } catch {
      // A full or forbidden storage costs the memory, not the page.
    }
    this._changed.emit();
  }

  private readonly _states: { [key: string]: boolean };
  private readonly _changed = new Signal<this, void>(this);
}

/** The folds of this browser. */
export const folds = new Folds(browserStorage());

function browserStorage(): Storage | null {
  try {
    return typeof window === 'undefined' ? null : window.localStorage;
  } catch {
    return null;
  }
}

function read(storage: Pick<Storage, 'getItem'> | null): { [key: string]: boolean } {
  try {
    const found: unknown = JSON.parse(storage?.getItem(KEY) ?? '{}');
    const entries = typeof found === 'object' && found !== null ? Object.entries(found) : [];
    return Object.fromEntries(entries.filter(([, open]) => typeof open === 'boolean'));
  } catch {
    return {};
  }
}
