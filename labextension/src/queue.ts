/**
 * At most one act waits for a kernel to be idle, and can be taken back until it starts.
 *
 * Knows no kernel: somebody tells it when the kernel is idle. So "queued after cell 12" is a state
 * that can be seen and cancelled, where a kernel's own queue is neither.
 */
import { Signal, type ISignal } from '@lumino/signaling';

/** An act that waits, and what it is called. */
interface Waiting {
  label: string;
  run: () => Promise<void>;
}

export class Queue {
  private waiting: Waiting | null = null;
  private running_ = false;
  private idle = true;
  private readonly changed_ = new Signal<this, void>(this);

  /** Emits when an act is queued, starts, ends or is cancelled. */
  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  /** What waits, "" for nothing. */
  get label(): string {
    return this.waiting?.label ?? '';
  }

  get running(): boolean {
    return this.running_;
  }

  /** Run as soon as the kernel is idle; an act that waits already gives way to this one. */
  add(label: string, run: () => Promise<void>): void {
    this.waiting = { label, run };
    this.changed_.emit();
    this.next();
  }

  /** Take back what waits. Whether there was something. */
  cancel(): boolean {
    const had = this.waiting !== null;
    this.waiting = null;
    if (had) {
      this.changed_.emit();
    }
    return had;
  }

  /** The kernel became idle or busy. */
  setIdle(idle: boolean): void {
    this.idle = idle;
    this.next();
  }

  private next(): void {
    if (!this.idle || this.running_ || this.waiting === null) {
      return;
    }
    const { run } = this.waiting;
    this.waiting = null;
    this.running_ = true;
    this.changed_.emit();
    void run().finally(() => {
      this.running_ = false;
      this.changed_.emit();
      this.next();
    });
  }
}
