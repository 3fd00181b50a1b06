/** The list of one model's versions: what is searched, where the keyboard is, what is marked. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { Client } from '../client';
import { Listing } from '../listing';
import { NO_FILTERS, queryOf, type Filters } from '../search';
import type { Row, Series } from '../types';

const MOST_MARKS = 2;

export class VersionsModel implements IDisposable {
  readonly listing: Listing;
  filters: Filters = NO_FILTERS;
  active = '';
  marks: string[] = [];
  pins: Row[] = [];
  series: Series | null = null;
  readonly unfolded = new Set<string>();
  isDisposed = false;

  private readonly changed_ = new Signal<this, void>(this);

  constructor(
    private readonly client: Client,
    readonly model: string
  ) {
    this.listing = new Listing(client);
    this.listing.changed.connect(() => this.emit());
  }

  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  /** Ask for all that the screen shows. What stands beside the list is a kindness. */
  async load(): Promise<void> {
    const beside = Promise.allSettled([
      this.client.pins('', this.model),
      this.client.series('', this.model)
    ]);
    await this.listing.ask(queryOf('', this.model, this.filters));
    const [pins, series] = await beside;
    this.pins = pins.status === 'fulfilled' ? pins.value : [];
    this.series = series.status === 'fulfilled' ? series.value : null;
    this.emit();
  }

  setFilters(changes: Partial<Filters>): void {
    this.filters = { ...this.filters, ...changes };
    void this.listing.ask(queryOf('', this.model, this.filters));
    this.emit();
  }

  setActive(key: string): void {
    if (key !== this.active) {
      this.active = key;
      this.emit();
    }
  }

  /** Mark a version for comparing, or take the mark back; of three the oldest mark goes. */
  toggleMark(ref: string): void {
    this.marks = this.marks.includes(ref)
      ? this.marks.filter(mark => mark !== ref)
      : [...this.marks, ref].slice(-MOST_MARKS);
    this.emit();
  }

  clearMarks(): void {
    this.marks = [];
    this.emit();
  }

  toggleFold(key: string): void {
    if (!this.unfolded.delete(key)) {
      this.unfolded.add(key);
    }
    this.emit();
  }

  /** What is compared: both marks, the older first; with one, it and the one before it. */
  pair(): { old: string; now: string } | null {
    const { rows } = this.listing;
    const chosen = this.marks.length > 0 ? this.marks : [this.active];
    const [first, second] = chosen
      .map(ref => rows.find(row => row.ref === ref))
      .filter((row): row is Row => row !== undefined)
      .sort((a, b) => a.n - b.n);
    if (first === undefined) {
      return null;
    }
    if (second !== undefined) {
      return { old: first.ref, now: second.ref };
    }
    return first.previous === null ? null : { old: first.previous.ref, now: first.ref };
  }

  dispose(): void {
    this.isDisposed = true;
    Signal.clearData(this.listing);
    Signal.clearData(this);
  }

  private emit(): void {
    if (!this.isDisposed) {
      this.changed_.emit();
    }
  }
}
