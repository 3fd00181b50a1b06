/**
 * The rows of versions that cards show, each fetched once until something changed.
 *
 * A notebook may hold a hundred cards: those of one digest share a request, and few run at a time.
 */
import type { Row } from '../types';

const AT_ONCE = 4;

/** Fetches rows by place and digest. */
export class Known {
  constructor(
    private readonly _fetch: (path: string, ref: string) => Promise<Row>
  ) {}

  /** The row of the version with this manifest digest. */
  row(path: string, digest: string): Promise<Row> {
    const key = `${path}\n${digest}`;
    let found = this._rows.get(key);
    if (found === undefined) {
      found = this._turn().then(async () => {
        try {
          return await this._fetch(path, digest);
        } finally {
          this._running--;
          this._waiting.shift()?.();
        }
      });
      this._rows.set(key, found);
      // A failure is not remembered: the next look asks again.
      found.catch(() => this._rows.delete(key));
    }
    return found;
  }

  /** Forget all: aliases and tags may have moved. */
  forget(): void {
    this._rows.clear();
  }

  private async _turn(): Promise<void> {
    while (this._running >= AT_ONCE) {
      await new Promise<void>(resolve => this._waiting.push(resolve));
    }
    this._running++;
  }

  private _running = 0;
  private readonly _waiting: (() => void)[] = [];
  private readonly _rows = new Map<string, Promise<Row>>();
}
