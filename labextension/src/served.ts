/**
 * What the server told of itself and of the place of the versions, and how it answers at all.
 *
 * Asks and keeps the answers; a server that does not answer is a state, never an exception.
 */
import { ApiError, errorOf, type Client } from './client';
import type { About, Place } from './types';

/** Whether the server has our routes. */
export type ServerState = 'asking' | 'fine' | 'missing' | 'unreachable';

export class Served {
  state: ServerState = 'asking';
  about: About | null = null;
  place: Place | null = null;
  /** Why the place cannot be read, in the server's words. */
  error: ApiError | null = null;

  constructor(private readonly client: Client) {}

  /** Ask the server what it is; also after a restart of it. */
  async readAbout(): Promise<void> {
    try {
      this.about = await this.client.about();
      this.state = 'fine';
    } catch (error) {
      this.blame(error);
    }
  }

  /** Read the place of `path`; the answer counts while it is `current`. */
  async readPlace(path: string, current: () => boolean): Promise<void> {
    try {
      const place = await this.client.place(path);
      if (current()) {
        this.place = place;
        this.error = place.trouble ? errorOf(place.trouble, 503) : null;
        this.state = 'fine';
      }
    } catch (error) {
      if (current()) {
        this.blame(error);
      }
    }
  }

  /** Something else was answered. */
  answered(): void {
    if (this.state === 'asking') {
      this.state = 'fine';
    }
  }

  private blame(error: unknown): void {
    const said = error instanceof ApiError ? error : new ApiError('panel', String(error), 0);
    if (said.missing) {
      this.state = 'missing';
    } else if (said.kind === 'unreachable' && said.status === 0) {
      this.state = 'unreachable';
    } else {
      this.error = said;
    }
  }
}
