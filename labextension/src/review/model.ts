/**
 * A review as its page holds it: what was told, what is being done, what came of it. Emits, knows no
 * component. After an act it looks again, so that what is shown is what is.
 */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { failure, type Failure } from '../common/source';
import type { Act } from './deciding';
import type { Reviewed } from './types';

/** Where reviews are told and acts are done. */
export interface Desk {
  /** Without `ref`: the version that was asked for last, else the newest. */
  review(model: string, alias: string, ref: string): Promise<Reviewed>;
  /** Do it; what was done, in a sentence. */
  act(act: Act, told: Reviewed, text: string): Promise<string>;
}

export class ReviewModel implements IDisposable {
  told: Reviewed | null = null;
  busy = false;
  failure: Failure | null = null;
  done = '';

  /** The failure is that of looking, and over when that succeeds. */
  private lost = false;
  private turn = 0;
  private disposed = false;
  private readonly changed_ = new Signal<this, void>(this);

  constructor(
    private readonly desk: Desk,
    readonly model: string,
    readonly alias: string,
    readonly ref: string
  ) {}

  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  /** Look (again). What is shown stays until the answer is there. */
  async load(): Promise<void> {
    const turn = ++this.turn;
    try {
      const told = await this.desk.review(this.model, this.alias, this.ref);
      if (turn === this.turn) {
        this.told = told;
        this.failure = this.lost ? null : this.failure;
        this.lost = false;
      }
    } catch (reason) {
      if (turn === this.turn) {
        this.failure = failure(reason);
        this.lost = true;
      }
    }
    this.emit();
  }

  /** Do something; one act at a time. */
  async act(act: Act, text: string): Promise<void> {
    if (this.told === null || this.busy) {
      return;
    }
    this.busy = true;
    this.failure = null;
    this.done = '';
    this.emit();
    try {
      this.done = await this.desk.act(act, this.told, text);
    } catch (reason) {
      this.failure = failure(reason);
    }
    // Whether it was done or not: somebody else may have been first.
    await this.load();
    this.busy = false;
    this.emit();
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    this.turn++;
    Signal.clearData(this);
  }

  private emit(): void {
    if (!this.disposed) {
      this.changed_.emit();
    }
  }
}
