/**
 * A comparison as its tab holds it: the two sides, what was answered, how it is shown.
 *
 * Emits, knows no component. A comparison with the live session is asked of the kernel, all others
 * of the server. An answer that is no longer wanted is dropped.
 */
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { failure, Failure, Source } from '../common/source';
import type { CellRow, Compared, Row } from '../types';
import { Stop, stops } from './sections';

/** Compares a version with the live session, in the kernel; one of the two is "now". */
export type Live = (older: string, newer: string) => Promise<Compared>;

const SUGGESTED = 100;

/** The diff tab's state. */
export class DiffModel implements IDisposable {
  constructor(
    readonly source: Source,
    readonly path: string,
    old: string,
    now: string | undefined,
    private readonly _live: Live | undefined
  ) {
    this._old = old;
    this._new = now;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The older side: as asked for, or as it was resolved. */
  get old(): string {
    return this.compared?.old ?? this._old;
  }

  /** The newer side; empty until it is known. */
  get new(): string {
    return this.compared?.new ?? this._new ?? '';
  }

  compared: Compared | null = null;
  failure: Failure | null = null;
  loading = false;
  /** References offered by the two choosers. */
  suggestions: string[] = [];
  sideBySide = false;
  outputs = false;
  /** What n and p stop at, and where they are; -1 before the first. */
  stops: Stop[] = [];
  current = -1;
  /** Counts moves, so that the view follows each. */
  moves = 0;

  /** Whether the live session can be compared here. */
  get canBeLive(): boolean {
    return this._live !== undefined;
  }

  /** Compare the two sides. */
  async load(): Promise<void> {
    const turn = ++this._turn;
    this.loading = true;
    this._emit();
    try {
      const compared = await this._ask();
      if (turn !== this._turn) {
        return;
      }
      this.compared = compared;
      this.stops = stops(compared);
      this.current = -1;
      this._old = compared.old;
      this._new = compared.new;
      this._cells.clear();
      this.failure = null;
    } catch (reason) {
      if (turn !== this._turn) {
        return;
      }
      this.failure = failure(reason);
    }
    this.loading = false;
    this._emit();
    await this._suggest();
  }

  /** Give up a comparison that is under way; what is shown stays. True if there was one. */
  cancel(): boolean {
    if (!this.loading) {
      return false;
    }
    this._turn++;
    this.loading = false;
    this._emit();
    return true;
  }

  /** Compare other versions. */
  async choose(old: string, now: string): Promise<void> {
    this._old = old;
    this._new = now === '' ? undefined : now;
    this.compared = null;
    this.stops = [];
    await this.load();
  }

  /** Go to the next (1) or previous (-1) stop, round the end. */
  move(by: 1 | -1): void {
    const count = this.stops.length;
    if (count > 0) {
      const from = this.current < 0 && by < 0 ? 0 : this.current;
      this.current = (from + by + count) % count;
      this.moves++;
      this._emit();
    }
  }

  /** Exchange the two sides. */
  swap(): Promise<void> {
    return this.choose(this.new, this.old);
  }

  /** Show lines side by side, or one under the other. */
  setSideBySide(on: boolean): void {
    this.sideBySide = on;
    this._emit();
  }

  /** Offer the outputs of changed cells. */
  setOutputs(on: boolean): void {
    this.outputs = on;
    this._emit();
  }

  /** The executed cells of a side, fetched once. */
  cells(ref: string): Promise<CellRow[]> {
    let found = this._cells.get(ref);
    if (found === undefined) {
      found = this.source.cells(this.path, ref);
      this._cells.set(ref, found);
      // What failed is asked for again.
      found.catch(() => this._cells.delete(ref));
    }
    return found;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this._turn++;
    Signal.clearData(this);
  }

  private _ask(): Promise<Compared> {
    const isLive = this._old === 'now' || this._new === 'now';
    if (isLive && this._live !== undefined) {
      return this._live(this._old, this._new ?? 'now');
    }
    return this.source.diff(this.path, this._old, this._new);
  }

  private async _suggest(): Promise<void> {
    const model = /^[^:@~#]+/.exec(this.old === 'now' ? this.new : this.old)?.[0];
    if (model === undefined || model === this._suggestedFor) {
      return;
    }
    this._suggestedFor = model;
    try {
      const page = await this.source.versions({ path: this.path, model, limit: SUGGESTED });
      this.suggestions = suggested(page.rows, this.canBeLive);
      this._emit();
    } catch {
      // Any reference can be typed; without the list there are only no suggestions.
    }
  }

  private _emit(): void {
    if (!this._disposed) {
      this._changed.emit();
    }
  }

  private _old: string;
  private _new: string | undefined;
  private _turn = 0;
  private _disposed = false;
  private _suggestedFor = '';
  private readonly _cells = new Map<string, Promise<CellRow[]>>();
  private readonly _changed = new Signal<this, void>(this);
}

/** What the choosers offer: the live session, aliases, then versions, newest first. */
export function suggested(rows: readonly Row[], live: boolean): string[] {
  const aliases = rows.flatMap(row => row.aliases.map(alias => `${row.model}@${alias}`));
  return [...(live ? ['now'] : []), ...aliases, ...rows.map(row => row.ref)];
}
