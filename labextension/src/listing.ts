/**
 * The versions that are loaded: pages of one question, newest first, kept true when more are made,
 * moved or deleted. What is not in sight is read again when it comes into sight.
 *
 * Asks the server, keeps rows, tells when they changed. Knows nothing of kernels or of the screen.
 */
import { Signal, type ISignal } from '@lumino/signaling';
import { ApiError, type Client } from './client';
import {
  gapOf,
  NOTHING,
  rowsOf,
  withAgain,
  withFirst,
  withNext,
  withOldest,
  type Spans
} from './spans';
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
  private spans: Spans = NOTHING;
  /** Versions that may have changed since they were read. */
  private stale = new Set<number>();
  private renewing = false;
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
    return this.spans.after !== null;
  }

  /** How many rows stand above those that are not loaded; null where these are at the end. */
  get gap(): number | null {
    return gapOf(this.spans);
  }

  /** Forget all rows; others will be asked for. */
  clear(): void {
    this.put(NOTHING);
    this.loaded = false;
    this.note = '';
  }

  private put(spans: Spans): void {
    this.spans = spans;
    this.rows = rowsOf(spans);
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
      this.clear();
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

  /** Put a version that was just made on top, if it answers the question. Whether it does. */
  add(row: Row): boolean {
    const fits =
      this.loaded &&
      this.label === '' &&
      this.query !== null &&
      isWhole(this.query) &&
      (this.query.model ?? row.model) === row.model &&
      this.rows.every(({ ref }) => ref !== row.ref);
    if (fits) {
      this.put({ ...this.spans, top: [row, ...this.spans.top] });
      this.count = this.count === null ? null : this.count + 1;
      this.changed_.emit();
    }
    return fits;
  }

  /** Load the next page, once for all who ask. Resolves with false where there was none. */
  next(): Promise<boolean> {
    return this.once(() => this.page({ after: this.spans.after ?? undefined }, withNext));
  }

  /** Load the page above those of the end. */
  previous(): Promise<boolean> {
    const after = this.spans.before ?? undefined;
    return this.once(() => this.page({ order: 'oldest', after }, withOldest));
  }

  /** Load the oldest rows: End jumps there, whatever lies between. */
  async oldest(): Promise<void> {
    // Words are looked for from the newest on, as long as that takes.
    const load =
      this.query?.text === undefined
        ? (): Promise<boolean> => this.page({ order: 'oldest' }, withOldest)
        : (): Promise<boolean> => this.next();
    while (this.more && this.gap === null && (await this.once(load))) {
      // A page that somebody else asked for may have come instead.
    }
  }

  /** These rows are in sight: those that may have changed are read again. */
  async seen(rows: readonly Row[]): Promise<void> {
    const from = rows.find(row => this.stale.has(row.n))?.n;
    const { signal } = this.controller;
    if (from === undefined || this.renewing || this.query === null) {
      return;
    }
    this.renewing = true;
    const { stale } = this;
    try {
      const after = String(from + 1);
      const page = await this.client.versions({ ...this.query, after, limit: PAGE_SIZE }, signal);
      if (!signal.aborted) {
        this.put(withAgain(this.spans, page, from));
        const to = page.rows[page.rows.length - 1]?.n ?? 0;
        stale.forEach(n => n <= from && n >= to && stale.delete(n));
        stale.delete(from);
      }
    } catch (error) {
      stale.clear();
      this.fail(error, signal);
    } finally {
      this.renewing = false;
      this.changed_.emit();
    }
  }

  private once(load: () => Promise<boolean>): Promise<boolean> {
    if (this.pending !== null) {
      return this.pending;
    }
    const pending = load().finally(() => {
      if (this.pending === pending) {
        this.pending = null;
      }
    });
    this.pending = pending;
    return pending;
  }

  /** Show rows that were found in another way, until the next question. */
  showFound(rows: Row[], label: string): void {
    this.controller.abort();
    this.controller = new AbortController();
    this.busy = false;
    this.loading = false;
    this.question += 1;
    this.put({ ...NOTHING, top: rows });
    this.stale = new Set();
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

  private async page(
    part: Pick<Query, 'after' | 'order'>,
    put: (spans: Spans, page: Page) => Spans
  ): Promise<boolean> {
    const { signal } = this.controller;
    if (!this.more || this.query === null) {
      return false;
    }
    this.loading = true;
    try {
      const page = await this.client.versions({ ...this.query, ...part, limit: PAGE_SIZE }, signal);
      if (signal.aborted) {
        return false;
      }
      this.put(put(this.spans, page));
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

  private take(page: Page): void {
    this.put(withFirst(this.loaded ? this.spans : NOTHING, page));
    this.stale = new Set(this.rows.slice(page.rows.length).map(row => row.n));
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

/** Whether all versions answer it, or all of one model. */
function isWhole(query: Query): boolean {
  return Object.keys(query).every(name => name === 'path' || name === 'model');
}

/** A row as a kernel lists it, without what the server tells beside it. */
export function bare(version: VersionRow): Row {
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
