/** The list of one model's versions: what is searched, what is chosen, what stands beside it. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { Chosen } from '../chosen';
import type { Client } from '../client';
import { Listing } from '../listing';
import { Production, type Desk } from '../production/model';
import { NO_FILTERS, queryOf, type Filters } from '../search';
import type { Row, Series } from '../types';

export class VersionsModel implements IDisposable {
  readonly listing: Listing;
  readonly chosen = new Chosen();
  filters: Filters = NO_FILTERS;
  pins: Row[] = [];
  series: Series | null = null;
  readonly production: Production;
  isDisposed = false;

  private readonly changed_ = new Signal<this, void>(this);

  constructor(
    private readonly client: Client,
    desk: Desk,
    readonly model: string
  ) {
    this.production = new Production(desk, () => document.visibilityState === 'visible');
    this.production.changed.connect(() => this.emit());
    this.listing = new Listing(client);
    this.listing.changed.connect(() => this.emit());
    this.chosen.changed.connect(() => this.emit());
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
    void this.production.read('', this.model);
    const [pins, series] = await beside;
    this.pins = pins.status === 'fulfilled' ? pins.value : [];
    this.series = series.status === 'fulfilled' ? series.value : null;
    this.emit();
  }

  /** Something happened at the registry: look at what is live and on its way. */
  async heard(): Promise<void> {
    const [pins] = await Promise.allSettled([
      this.client.pins('', this.model),
      this.production.read('', this.model)
    ]);
    if (pins.status === 'fulfilled') {
      this.pins = pins.value;
    }
    this.emit();
  }

  setFilters(changes: Partial<Filters>): void {
    this.filters = { ...this.filters, ...changes };
    void this.listing.ask(queryOf('', this.model, this.filters));
    this.emit();
  }

  /** What is compared: both marks, the older first; with one, it and the one before it. */
  pair(): { old: string; now: string } | null {
    const find = (ref: string): Row | null =>
      this.listing.rows.find(row => row.ref === ref) ?? null;
    const { marks, active } = this.chosen;
    const refs = marks.length > 0 ? this.chosen.inOrder(find) : [active];
    const [first, second] = refs.map(find).filter(row => row !== null);
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
    this.production.dispose();
    Signal.clearData(this.listing);
    Signal.clearData(this.chosen);
    Signal.clearData(this);
  }

  private emit(): void {
    if (!this.isDisposed) {
      this.changed_.emit();
    }
  }
}
