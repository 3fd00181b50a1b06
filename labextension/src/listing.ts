/**
 * The versions that are loaded: pages of one question, newest first, kept true when more are made.
 *
 * Asks the server, keeps rows, tells when they changed. Knows nothing of kernels or of the screen.
 */
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError, type Client } from './client';
import type { Json, Page, Query, Row, VersionRow } from './types';

export const PAGE_SIZE = 200;

export class Listing {
  rows: Row[] = [];
  /** Why there are no rows, in the server's words. */
  note = '';
  /** How many match; null while that is not known. */
  count: number | null = null;
  loading = false;
  error: ApiError | null = null;
  /** What the rows are, where they are no answer to the question: "" else. */
  label = '';
  /** Counts the questions that differ from the one before: the sight goes back to the top. */
  question = 0;
  /** Whether rows of the present question have arrived. */
  loaded = false;

  private query: Query | null = null;
  private after: string | null = null;
  private controller = new AbortController();
  private pending: Promise<boolean> | null = null;
  private busy = false;
  private again = false;
  private readonly changed_ = new Signal<this, void>(this);
  private readonly arrived_ = new Signal<this, Page>(this);

  constructor(private readonly client: Client) {}

  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  /** Emits each first page, with what it tells beside the rows. */
  get arrived(): ISignal<this, Page> {
    return this.arrived_;
  }

  /** Whether there are rows that are not loaded. */
  get more(): boolean {
    return this.after !== null;
  }

  /** Ask another question. Rows of the old one stay until the answer is there. */
  async ask(query: Query, keep = true): Promise<void> {
    this.controller.abort();
    this.controller = new AbortController();
    if (JSON.stringify(query) !== JSON.stringify(this.query)) {
      this.question += 1;
    }
    this.query = query;
    this.pending = null;
    this.busy = false;
    this.again = false;
    this.count = null;
    this.loaded = false;
    this.label = '';
    if (!keep) {
      this.rows = [];
      this.after = null;
      this.note = '';
    }
    await this.first();
  }

  /** Versions were made, moved or deleted: read the first page again. One at a time. */
  async refresh(): Promise<void> {
    if (this.query === null || this.label !== '') {
      return;
    }
    if (this.busy) {
      this.again = true;
      return;
    }
    await this.first();
  }

  /** Load the next page, once for all who ask. Resolves with false where there was none. */
  next(): Promise<boolean> {
    if (this.pending !== null) {
      return this.pending;
    }
    const pending = this.page().finally(() => {
      if (this.pending === pending) {
        this.pending = null;
      }
    });
    this.pending = pending;
    return pending;
  }

  /** Load all that is left, page by page: End jumps to the oldest. */
  async all(): Promise<void> {
    while (await this.next()) {
      // Each page is shown as it comes.
    }
  }

  /** Show rows that were found in another way, until the next question. */
  showFound(rows: Row[], label: string): void {
    this.controller.abort();
    this.controller = new AbortController();
    this.busy = false;
    this.loading = false;
    this.question += 1;
    this.rows = rows;
    this.after = null;
    this.count = rows.length;
    this.note = '';
    this.label = label;
    this.loaded = true;
    this.error = null;
    this.changed_.emit();
  }

  /** Show what `list --json` of a kernel on another machine answered. */
  showOthers(answer: Json, label: string): void {
    const listed =
      answer !== null && typeof answer === 'object' && !Array.isArray(answer) ? answer.rows : [];
    const rows = (Array.isArray(listed) ? listed : []) as unknown as VersionRow[];
    this.showFound(rows.map(bare), label);
  }

  private async page(): Promise<boolean> {
    const after = this.after;
    const { signal } = this.controller;
    if (after === null || this.query === null) {
      return false;
    }
    this.loading = true;
    try {
      const page = await this.client.versions({ ...this.query, after, limit: PAGE_SIZE }, signal);
      if (signal.aborted) {
        return false;
      }
      const known = new Set(this.rows.map(row => row.ref));
      this.rows = [...this.rows, ...page.rows.filter(row => !known.has(row.ref))];
      this.after = page.after;
      this.error = null;
      return true;
    } catch (error) {
      this.fail(error, signal);
      return false;
    } finally {
      if (!signal.aborted) {
        this.loading = false;
        this.changed_.emit();
      }
    }
  }

  private async first(): Promise<void> {
    const query = this.query;
    const { signal } = this.controller;
    if (query === null) {
      return;
    }
    this.busy = true;
    this.loading = true;
    this.changed_.emit();
    try {
      const page = await this.client.versions({ ...query, limit: PAGE_SIZE }, signal);
      if (signal.aborted) {
        return;
      }
      this.take(page);
      this.arrived_.emit(page);
    } catch (error) {
      this.fail(error, signal);
    } finally {
      if (!signal.aborted) {
        this.busy = false;
        this.loading = false;
        this.changed_.emit();
        if (this.again) {
          this.again = false;
          void this.first();
        }
      }
    }
  }

  /** The first page in the place of what it covers; older rows that are loaded stay. */
  private take(page: Page): void {
    const last = page.rows[page.rows.length - 1];
    const older =
      this.loaded && page.after !== null && last !== undefined
        ? this.rows.filter(row => row.n < last.n)
        : [];
    if (older.length === 0) {
      this.after = page.after;
    }
    this.rows = [...page.rows, ...older];
    this.note = page.note;
    this.error = null;
    this.loaded = true;
    if (page.after === null) {
      this.count = page.rows.length;
    } else {
      void this.askCount();
    }
  }

  private async askCount(): Promise<void> {
    const { signal } = this.controller;
    if (this.query === null) {
      return;
    }
    try {
      const count = await this.client.count(this.query, signal);
      if (!signal.aborted) {
        this.count = count;
        this.changed_.emit();
      }
    } catch (error) {
      // The number is a kindness; the rows are there without it.
      if (!(error instanceof ApiError) && !signal.aborted) {
        throw error;
      }
    }
  }

  private fail(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) {
      return;
    }
    this.error =
      error instanceof ApiError ? error : new ApiError('panel', String(error), 0);
  }
}

/** A row as a kernel lists it, without what the server tells beside it. */
function bare(version: VersionRow): Row {
  return {
    ...version,
    ref: `${version.model}:${version.number.join('.')}`,
    previous: null,
    delta: null,
    better: null,
    mine: false,
    provenance: '',
    notebook: '',
    pushed: null,
    reproduced: null
  };
}
