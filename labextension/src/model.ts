/**
 * What the panel shows: the versions around the active notebook, and what is chosen among them.
 *
 * Holds state and emits; knows no React and draws nothing. A panel that is hidden asks the server
 * for nothing: it looks again when it is shown. What changes elsewhere (a cell, another notebook,
 * the command line) comes as an event with an id, never by asking on a clock.
 */
import { Signal, type ISignal } from '@lumino/signaling';
import { Around } from './around';
import { Chosen } from './chosen';
import type { ApiError, Client } from './client';
import { Following, type Followed } from './following';
import { Listing } from './listing';
import { Production } from './production/model';
import { ProductionDesk } from './production/verbs';
import type { Queue } from './queue';
import { isNarrow, NO_FILTERS, queryOf, type Filters } from './search';
import { Served, type ServerState } from './served';
import type { KernelSide } from './session';
import type { About, Carded, Page, Place, Row, VerbInfo } from './types';

/** What survives a reload of the page. */
export interface Kept {
  model: string | null;
  search: string;
  marked: boolean;
  plotOpen: boolean;
  metric: string;
}

/** A version, and the variable that it kept. */
export interface Wrong {
  ref: string;
  variable: string;
}

export class Model {
  filters: Filters = NO_FILTERS;
  plotOpen = false;
  formOpen = false;
  /** The version whose variable was the wrong one, where the form is to choose another. */
  wrong: Wrong | null = null;
  readonly dismissed = new Set<string>();
  readonly served: Served;
  readonly listing: Listing;
  readonly around: Around;
  readonly chosen = new Chosen();
  readonly production: Production;

  private readonly following = new Following();
  /** What a notebook suggests, found once for each. */
  private suggested = '';
  private visible = false;
  private stale = true;
  private asked = 0;
  private readonly changed_ = new Signal<this, void>(this);
  private readonly revealed_ = new Signal<this, string>(this);
  private readonly versionsChanged_ = new Signal<this, string>(this);

  constructor(readonly client: Client) {
    this.served = new Served(client);
    this.listing = new Listing(client);
    this.around = new Around(client);
    this.production = new Production(
      new ProductionDesk(client),
      () => this.visible && document.visibilityState === 'visible'
    );
    this.production.changed.connect(this.emit, this);
    this.listing.changed.connect(this.emit, this);
    this.listing.arrived.connect(this.onPage, this);
    this.chosen.changed.connect(this.emit, this);
    this.following.changed.connect(this.emit, this);
    this.following.carded.connect(this.onCard, this);
  }

  /** Emits when anything that is shown changed. */
  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  /** Emits a reference whose row is to be scrolled to. */
  get revealed(): ISignal<this, string> {
    return this.revealed_;
  }

  /** Emits the id of a place whose versions changed, for pages that show one. */
  get versionsChanged(): ISignal<this, string> {
    return this.versionsChanged_;
  }

  /** The path that the server is asked with: the notebook's, else the folder's. */
  get path(): string {
    return this.following.path;
  }

  /** The notebook's file name, "" for none. */
  get name(): string {
    return this.following.name;
  }

  /** The kernel of the notebook, null where there is no notebook. */
  get kernel(): KernelSide | null {
    return this.following.kernel;
  }

  /** What waits for that kernel. */
  get queue(): Queue {
    return this.following.queue;
  }

  /** The model in force, "" for all. */
  get model(): string {
    return this.filters.model ?? this.suggested;
  }

  get server(): ServerState {
    return this.served.state;
  }

  get about(): About | null {
    return this.served.about;
  }

  get place(): Place | null {
    return this.served.place;
  }

  /** Why the place cannot be read, in the server's words. */
  get error(): ApiError | null {
    return this.served.error;
  }

  get verbs(): readonly VerbInfo[] {
    return this.about?.verbs ?? [];
  }

  /** The row that commands mean, if the keyboard is on one. */
  get activeRow(): Row | null {
    return this.find(this.chosen.active);
  }

  /** A row that is loaded or pinned, by its reference. */
  find(ref: string): Row | null {
    const of = (row: Row): boolean => row.ref === ref;
    return this.listing.rows.find(of) ?? this.around.pins.find(of) ?? null;
  }

  // -- what is followed

  /** Follow another notebook, or none. */
  follow(followed: Followed | null): void {
    if (this.following.follow(followed)) {
      this.formOpen = false;
      this.filters = { ...this.filters, model: null };
      this.moveOn();
    }
    this.emit();
  }

  /** The folder to look at while there is no notebook. */
  lookIntoFolder(folder: string): void {
    if (this.following.lookInto(folder)) {
      // A model is of its place; all models are looked at wherever one goes.
      this.filters = { ...this.filters, model: this.filters.model === '' ? '' : null };
      this.moveOn();
    }
  }

  /** Start the kernel of the notebook. Whether the user has to say which. */
  startKernel(): Promise<boolean> {
    return this.following.startKernel();
  }

  /** A hidden panel computes nothing. */
  setVisible(visible: boolean): void {
    this.visible = visible;
    if (visible && this.stale) {
      void this.look(true);
    } else {
      this.production.arm();
    }
  }

  /** The server told that the versions of a place changed. */
  async onEvent(id: string): Promise<void> {
    if (this.place !== null && id === this.place.id) {
      // The new row first: pages and the cards of a long notebook ask for much at once.
      await this.refresh();
    }
    this.versionsChanged_.emit(id);
  }

  /** Read again what is shown; the newest rows first, then what stands around them. */
  async refresh(): Promise<void> {
    if (!this.visible) {
      this.stale = true;
      return;
    }
    if (this.place === null || !this.place.exists) {
      await this.look(true);
      return;
    }
    await this.listing.refresh();
    await this.readPlace();
    await this.readAround();
  }

  /** A version was made, and whoever made it told its row: it is shown before the server lists it. */
  take(row: Row | null): void {
    if (row !== null && this.visible && this.listing.add(row)) {
      this.chosen.setNewest(row.ref);
    }
  }

  // -- what is asked for

  setFilters(changes: Partial<Filters>): void {
    this.filters = { ...this.filters, ...changes };
    if (changes.model !== undefined) {
      this.chosen.clearMarks();
      this.around.metric = '';
    }
    this.emit();
    void this.askList();
    if (changes.model !== undefined) {
      void this.readAround();
    }
  }

  /** Put the keyboard onto a version, loading older pages until it is there. */
  async reveal(ref: string): Promise<void> {
    this.chosen.setActive(ref);
    while (this.find(ref) === null && (await this.listing.next())) {
      // Each page is shown as it comes.
    }
    this.revealed_.emit(ref);
  }

  setFormOpen(open: boolean, wrong: Wrong | null = null): void {
    this.formOpen = open;
    this.wrong = wrong;
    this.emit();
  }

  setPlotOpen(open: boolean): void {
    this.plotOpen = open;
    this.emit();
  }

  async setMetric(metric: string): Promise<void> {
    this.around.metric = metric;
    await this.readAround();
  }

  /** Not to be told again until the page is loaded anew. */
  dismiss(what: string): void {
    this.dismissed.add(what);
    this.emit();
  }

  get kept(): Kept {
    const { model, search, marked } = this.filters;
    return { model, search, marked, plotOpen: this.plotOpen, metric: this.around.metric };
  }

  /** Take up what was kept from the last time. */
  restore(kept: Partial<Kept>): void {
    this.plotOpen = kept.plotOpen ?? this.plotOpen;
    this.around.metric = kept.metric ?? this.around.metric;
    this.filters = {
      ...this.filters,
      search: kept.search ?? '',
      marked: kept.marked ?? false
    };
    this.emit();
  }

  // -- reading

  /** Another place: what is known and chosen is of the one before. */
  private moveOn(): void {
    this.suggested = '';
    this.chosen.clear();
    this.around.clear();
    this.production.clear();
    this.stale = true;
    void this.look(false);
  }

  /** Read everything about the present path. With `keep`, old rows stay until new ones come. */
  private async look(keep: boolean): Promise<void> {
    if (!this.visible) {
      return;
    }
    this.stale = false;
    const asked = ++this.asked;
    if (!keep) {
      this.served.place = null;
      this.listing.clear();
    }
    // The rows wait for nothing else.
    const about = this.about === null ? this.readAbout() : null;
    await Promise.all([about, this.readPlace(), this.askList(keep)]);
    if (asked === this.asked) {
      await this.readAround();
    }
  }

  /** Ask the server what it is; also after a restart of it. */
  async readAbout(): Promise<void> {
    await this.served.readAbout();
    this.emit();
  }

  private async readPlace(): Promise<void> {
    const path = this.path;
    await this.served.readPlace(path, () => path === this.path);
    this.emit();
  }

  private async askList(keep = true): Promise<void> {
    await this.listing.ask(queryOf(this.path, this.model, this.filters), keep);
  }

  /** What stands around the rows: pinned aliases, the metric's course, what is deployed. */
  private async readAround(): Promise<void> {
    const { path, model } = this;
    if (model === '' || this.place === null || !this.place.exists) {
      this.around.clear();
      this.production.clear();
      this.emit();
      return;
    }
    const deployed = this.production.read(path, model);
    if (await this.around.read(path, model)) {
      this.emit();
    }
    await deployed;
  }

  private onPage(_: Listing, page: Page): void {
    this.served.answered();
    if (this.suggested === '' && this.filters.model === null) {
      this.suggest(page);
    }
    this.chosen.setNewest(page.rows[0]?.ref ?? '');
    void this.reach(page.head);
  }

  /** The model that this notebook is about: its own newest version's, else the kernel's, else any. */
  private suggest(page: Page): void {
    const own = page.rows.find(row => row.provenance === 'this')?.model;
    const name = this.kernel?.status?.name ?? '';
    const models = page.models;
    this.suggested = own ?? (models.includes(name) ? name : (models[0] ?? ''));
    if (this.suggested !== '' && models.length > 1) {
      void this.askList();
    }
  }

  /** A page that is newer than what is known of the place makes that stale. */
  private async reach(head: number): Promise<void> {
    if (this.place !== null && head > this.place.head) {
      await this.readPlace();
    }
  }

  private onCard(_: Following, { row }: Carded): void {
    this.take(row);
    void this.refresh();
  }

  /** Something outside of the model that is shown with it changed. */
  touch(): void {
    this.emit();
  }

  private emit(): void {
    this.changed_.emit();
  }

  /** Whether rows are left out by more than the model. */
  get narrow(): boolean {
    return isNarrow(this.filters);
  }
}
