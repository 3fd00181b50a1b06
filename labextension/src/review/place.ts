/**
 * Where a version is reviewed, and for which alias: in its own place or in a registry that is known
 * there. The review that is chosen is a model of its own; another choice is another one.
 */
import { Signal, type ISignal } from '@lumino/signaling';

import type { TabModel } from '../common/tab';
import { failure, type Failure } from '../common/source';
import { ReviewModel, type Desk } from './model';

/** What may be chosen, and what is. */
export interface Choice {
  /** "" is the place itself. */
  registry: string;
  alias: string;
}

/** What the reviews of a version are read from. */
export interface Desks {
  at(registry: string): Desk;
  /** The names of the registries that are known. */
  registries(): Promise<string[]>;
  /** References of the same version in registries: team::churn:0.4.0. */
  shared(): Promise<readonly string[]>;
}

export class ReviewPlace implements TabModel {
  /** The registries that may be chosen; null while that is not known. */
  registries: string[] | null = null;
  /** Why they cannot be told. */
  failure: Failure | null = null;
  shown: ReviewModel;

  private shared: readonly string[] = [];
  private choice: Choice = { registry: '', alias: 'production' };
  private disposed = false;
  private readonly changed_ = new Signal<this, void>(this);

  constructor(
    private readonly desks: Desks,
    readonly path: string,
    /** The version, as its own place calls it. */
    readonly ref: string
  ) {
    this.shown = this.open();
  }

  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  get model(): string {
    return this.ref.slice(0, this.ref.lastIndexOf(':'));
  }

  get chosen(): Choice {
    return this.choice;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Look (again), and where else one may look. */
  async load(): Promise<void> {
    const review = this.shown.load();
    try {
      [this.registries, this.shared] = await Promise.all([
        this.desks.registries(),
        this.desks.shared()
      ]);
      this.failure = null;
    } catch (reason) {
      this.failure = failure(reason);
    }
    this.emit();
    await review;
  }

  /** Look at another alias, or elsewhere. */
  async choose(change: Partial<Choice>): Promise<void> {
    this.choice = { ...this.choice, ...change };
    this.shown.dispose();
    this.shown = this.open();
    this.emit();
    await this.shown.load();
  }

  dispose(): void {
    this.disposed = true;
    this.shown.dispose();
    Signal.clearData(this);
  }

  private open(): ReviewModel {
    const { registry, alias } = this.choice;
    const ref = registry === '' ? this.ref : this.refIn(registry);
    const review = new ReviewModel(this.desks.at(registry), this.model, alias, ref);
    review.changed.connect(() => this.emit());
    return review;
  }

  /** What a registry calls the version, "" where it has not got it: then what it was asked for. */
  private refIn(registry: string): string {
    const head = `${registry}::`;
    return this.shared.find(ref => ref.startsWith(head))?.slice(head.length) ?? '';
  }

  private emit(): void {
    if (!this.disposed) {
      this.changed_.emit();
    }
  }
}
