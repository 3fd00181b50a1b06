/**
 * Hears that the registry's chain grew: a request that waits there for as long as nothing happens.
 *
 * One at a time, only while a screen wants to know and is in sight: a browser has few connections, and
 * a hidden tab asks for nothing. What it missed meanwhile it is told when it is looked at again.
 */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { ApiError } from '../client';
import type { Visit } from './visit';

/** Before it is asked again, where nobody answered. */
export const LATER_MS = 10_000;
/** Between two questions, whatever was told: a registry may be busy, or answer at once. */
export const PAUSE_MS = 1000;

export class News implements IDisposable {
  isDisposed = false;

  /** The newest event that was told of. */
  private head = 0;
  private watching = 0;
  private waiting: AbortController | null = null;
  /** A registry that is older than its page tells no news. */
  private mute = false;
  private readonly heard_ = new Signal<this, number>(this);
  private readonly look = (): void => this.follow();

  constructor(private readonly visit: Pick<Visit, 'json'>) {
    document.addEventListener('visibilitychange', this.look);
  }

  /** The chain grew; with the place of its newest event. */
  get heard(): ISignal<this, number> {
    return this.heard_;
  }

  /** Somebody wants to hear, until what is given is called. */
  watch(): () => void {
    this.watching += 1;
    this.follow();
    return () => {
      this.watching -= 1;
      this.follow();
    };
  }

  dispose(): void {
    this.isDisposed = true;
    document.removeEventListener('visibilitychange', this.look);
    this.waiting?.abort();
    Signal.clearData(this);
  }

  private get wanted(): boolean {
    return (
      !this.isDisposed && !this.mute && this.watching > 0 && document.visibilityState === 'visible'
    );
  }

  /** Begin to wait, or leave off. */
  private follow(): void {
    if (!this.wanted) {
      this.waiting?.abort();
      this.waiting = null;
    } else if (this.waiting === null) {
      this.waiting = new AbortController();
      void this.wait(this.waiting.signal);
    }
  }

  private async wait(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const began = Date.now();
      try {
        const path = `page/news?after=${this.head}`;
        const { head } = await this.visit.json<{ head: number }>(path, undefined, signal);
        if (!signal.aborted && head !== this.head) {
          this.head = head;
          this.heard_.emit(head);
        }
        await pause(PAUSE_MS - (Date.now() - began));
      } catch (reason) {
        const status = reason instanceof ApiError ? reason.status : 0;
        if (status === 404 || status === 401) {
          // Who signs in again begins to watch again.
          this.mute = status === 404;
          this.waiting = signal.aborted ? this.waiting : null;
          return;
        }
        if (!signal.aborted) {
          await pause(LATER_MS);
        }
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(done => window.setTimeout(done, Math.max(0, ms)));
}
