/**
 * One version as its page holds it: what was fetched, what is being fetched, what failed.
 *
 * Emits, knows no component. The version comes first; its cells and the metrics of the version
 * before it follow, so that the page stands early.
 */
import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { failure, Failure, Source } from '../common/source';
import type { CellRow, Row, Version } from '../types';

/** The newest versions that are looked through for the one after this. */
const NEIGHBOURS = 200;

/** The version page's state. */
export class PageModel implements IDisposable {
  constructor(
    readonly source: Source,
    readonly path: string,
    ref: string
  ) {
    this._ref = ref;
  }

  /** Emitted after any change of state. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The reference that is shown: literal once it was resolved. */
  get ref(): string {
    return this.version?.row.ref ?? this._ref;
  }

  /** Null until it was fetched. */
  version: Version | null = null;
  /** Null until they were fetched. */
  cells: CellRow[] | null = null;
  /** The version before this one, for its metrics. */
  before: Row | null = null;
  failure: Failure | null = null;
  cellsFailure: Failure | null = null;
  /** Whether a request for the version is under way for so long that it should be said. */
  slow = false;

  /** Fetch (again) what the reference names. What is shown stays until the answer is there. */
  async load(): Promise<void> {
    const turn = ++this._turn;
    const timer = window.setTimeout(() => {
      this.slow = true;
      this._emit();
    }, 300);
    try {
      const version = await this.source.version(this.path, this._ref);
      if (turn !== this._turn || this.isDisposed) {
        return;
      }
      this.version = version;
      this.failure = null;
    } catch (reason) {
      if (turn !== this._turn || this.isDisposed) {
        return;
      }
      this.failure = failure(reason);
    } finally {
      window.clearTimeout(timer);
      this.slow = false;
    }
    this._emit();
    await Promise.all([this.loadCells(), this._loadBefore(turn)]);
  }

  /** Fetch the executed cells. */
  async loadCells(): Promise<void> {
    const turn = this._turn;
    if (this.version === null) {
      return;
    }
    try {
      const cells = await this.source.cells(this.path, this.ref);
      if (turn !== this._turn) {
        return;
      }
      this.cells = cells;
      this.cellsFailure = null;
    } catch (reason) {
      this.cellsFailure = failure(reason);
    }
    this._emit();
  }

  /** Show another version on this page. */
  async show(ref: string): Promise<void> {
    this._ref = ref;
    this.cells = null;
    this.before = null;
    await this.load();
  }

  /** The version before this one of its model; null if this is the first. */
  older(): string | null {
    return this.version?.row.previous?.ref ?? null;
  }

  /** The version after this one of its model; null if this is the newest. */
  async newer(): Promise<string | null> {
    const row = this.version?.row;
    if (row === undefined) {
      return null;
    }
    const query = { path: this.path, model: row.model, limit: NEIGHBOURS };
    const { rows } = await this.source.versions(query);
    const at = rows.findIndex(other => other.manifest === row.manifest);
    return at > 0 ? rows[at - 1].ref : null;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    Signal.clearData(this);
  }

  private async _loadBefore(turn: number): Promise<void> {
    const row = this.version?.row;
    const ref = this.older();
    if (row === undefined || ref === null || Object.keys(row.metrics).length < 2) {
      return;
    }
    try {
      const before = (await this.source.version(this.path, ref)).row;
      if (turn === this._turn) {
        this.before = before;
        this._emit();
      }
    } catch {
      // Only deltas of further metrics need it; the page is whole without them.
    }
  }

  private _emit(): void {
    if (!this._disposed) {
      this._changed.emit();
    }
  }

  private _ref: string;
  private _turn = 0;
  private _disposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
