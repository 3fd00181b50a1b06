/**
 * What is deployed of a model, as the panel holds it: what was told, what is being done, what came of
 * it. Emits, knows no component.
 *
 * What moves comes as news of the chain, and whoever hears them reads again. The figures of rules are
 * in no chain: they are asked again every few seconds, while somebody looks at a rollout under way.
 */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { failure, type Failure } from '../common/source';
import type { JsonObject } from '../types';
import type { At, Deployed, Rollout } from './types';
import { standsFor, undoOf, type Undo } from './undo';
import { isUnderWay } from './words';

/** How long figures stand before they are asked again. */
export const AGAIN_MS = 4000;

/** An act of the table of verbs: on this alias of this model. */
export interface Act {
  verb: 'pause' | 'resume' | 'rollback' | 'deploy';
  options: JsonObject;
  /** Where a rollback is to lead; left out, where it leads by itself. */
  to?: At;
  /** What is to be rolled out again. */
  again?: Rollout;
}

/** Where deployments are told and acts are done. */
export interface Desk {
  deployed(path: string, model: string): Promise<Deployed[]>;
  /** Do it; what was done, in a sentence. */
  act(path: string, act: Act, told: Deployed): Promise<string>;
}

export class Production implements IDisposable {
  told: readonly Deployed[] = [];
  /** When that was told, in milliseconds. */
  at = 0;
  /** Whether it could not be asked again since. */
  late = false;
  /** The alias on which something is being done, "" for none. */
  busy = '';
  failure: Failure | null = null;
  /** What the last act did, "" for nothing. */
  done = '';
  /** The alias that failure or done is about. */
  about = '';
  /** What takes the last act back. */
  private undoing: Undo | null = null;

  private path = '';
  private model = '';
  private turn = 0;
  private watching = 0;
  private timer = 0;
  private disposed = false;
  private readonly changed_ = new Signal<this, void>(this);

  constructor(
    private readonly desk: Desk,
    /** Whether what is drawn is in sight. */
    private readonly seen: () => boolean
  ) {}

  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Nothing is looked at. */
  clear(): void {
    this.turn += 1;
    this.model = '';
    this.told = [];
    this.forget();
  }

  /** Read what is deployed of a model; of the same one what is shown stays until the answer. */
  async read(path: string, model: string): Promise<void> {
    const turn = ++this.turn;
    const same = path === this.path && model === this.model;
    if (!same) {
      this.told = [];
      this.forget();
    }
    [this.path, this.model] = [path, model];
    try {
      const told = await this.desk.deployed(path, model);
      if (turn === this.turn) {
        this.told = told;
        this.at = Date.now();
        this.late = false;
      }
    } catch {
      // Others say that nobody answers; here it is told of when the figures are.
      this.late = turn === this.turn ? this.told.length > 0 : this.late;
    }
    if (turn === this.turn) {
      this.emit();
      this.arm();
    }
  }

  /** Do something with an alias; one act at a time. */
  async act(alias: string, act: Act): Promise<void> {
    const { path, model } = this;
    const told = this.told.find(one => one.alias === alias);
    if (this.busy !== '' || told === undefined) {
      return;
    }
    this.busy = this.about = alias;
    this.failure = null;
    this.done = '';
    this.undoing = null;
    this.emit();
    let failed: Failure | null = null;
    let done = '';
    try {
      done = await this.desk.act(path, act, told);
    } catch (reason) {
      failed = failure(reason);
    }
    this.busy = '';
    if (path === this.path && model === this.model) {
      [this.failure, this.done, this.about] = [failed, done, alias];
      this.undoing = failed === null ? undoOf(act, told) : null;
      // Whether it was done or not: somebody else may have been first.
      await this.read(path, model);
    }
    this.emit();
  }

  /** What takes the last act on this alias back, as long as things stand as it left them. */
  undo(told: Deployed): Act | null {
    const undoing = this.about === told.alias ? this.undoing : null;
    return undoing !== null && standsFor(undoing, told) ? undoing.act : null;
  }

  /** The figures are looked at, until what is given is called. */
  watch(): () => void {
    this.watching += 1;
    this.arm();
    return () => {
      this.watching -= 1;
    };
  }

  /** Go on asking, if there is somebody to see it and something that moves. */
  arm(): void {
    if (this.timer === 0 && this.wanted) {
      this.timer = window.setTimeout(() => {
        this.timer = 0;
        if (this.wanted) {
          void this.read(this.path, this.model);
        }
      }, AGAIN_MS);
    }
  }

  dispose(): void {
    this.disposed = true;
    this.turn += 1;
    this.watching = 0;
    window.clearTimeout(this.timer);
    Signal.clearData(this);
  }

  private get wanted(): boolean {
    const moves = this.told.some(({ rollout }) => isUnderWay(rollout));
    return !this.disposed && this.watching > 0 && moves && this.seen();
  }

  private forget(): void {
    this.failure = null;
    this.done = '';
    this.undoing = null;
    this.late = false;
  }

  private emit(): void {
    if (!this.disposed) {
      this.changed_.emit();
    }
  }
}
