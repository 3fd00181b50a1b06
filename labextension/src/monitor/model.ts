/**
 * What was watched of a served model, as its tab holds it: a report that is asked for when the tab is
 * opened, and again when that is wanted. Emits, knows no component.
 */
import { Signal, type ISignal } from '@lumino/signaling';

import type { TabModel } from '../common/tab';
import { failure, type Failure } from '../common/source';

/** A report: a document to be shown, and what it says in lines. */
export interface Report {
  html: string;
  lines: string[];
}

/** Where reports are made. */
export interface Reports {
  monitor(path: string, model: string): Promise<Report>;
}

export class MonitorModel implements TabModel {
  told: Report | null = null;
  busy = false;
  failure: Failure | null = null;

  private again = false;
  private disposed = false;
  private readonly changed_ = new Signal<this, void>(this);

  constructor(
    private readonly reports: Reports,
    readonly path: string,
    readonly model: string
  ) {}

  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Ask (again); what is shown stays until then. One report at a time is made. */
  async load(): Promise<void> {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    this.emit();
    do {
      this.again = false;
      try {
        this.told = await this.reports.monitor(this.path, this.model);
        this.failure = null;
      } catch (reason) {
        this.failure = failure(reason);
      }
    } while (this.again && !this.disposed);
    this.busy = false;
    this.emit();
  }

  dispose(): void {
    this.disposed = true;
    Signal.clearData(this);
  }

  private emit(): void {
    if (!this.disposed) {
      this.changed_.emit();
    }
  }
}
