/**
 * Who looks at the page: not known yet, nobody, or somebody; and how the registry is reached.
 *
 * The token goes from the field into one request and is kept nowhere: what stays is a cookie that no
 * script can read. Emits, knows no component.
 */
import { Signal, type ISignal } from '@lumino/signaling';

import { ApiError, refusal, type Reach } from '../client';
import { arrived, back, leave, type Place } from './arrival';

/** The registry, and whom it sees in the reader. */
export interface Me {
  name: string;
  version: string;
  you: string;
  grants: string[];
  /** Whether all models may be read. */
  all: boolean;
}

export type VisitState = 'asking' | 'out' | 'in' | 'away';

/** Where the API lies, seen from the page. */
const API = 'api/v1/';
const HEADERS = { 'X-Snapbook-Page': '1' };
const WHO = 'The registry';

export class Visit implements Reach {
  readonly who = WHO;
  state: VisitState = 'asking';
  me: Me | null = null;
  /** Why nobody is signed in any more, or could not be; "" where there is nothing to say. */
  trouble = '';
  /** Where people sign in, if the registry knows such a place; its host. */
  provider = '';

  private readonly changed_ = new Signal<this, void>(this);

  constructor(
    private readonly fetch: typeof window.fetch,
    private readonly place: Place
  ) {}

  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  /** What `Client` asks, in the answers of the page. */
  ask(route: string, init: RequestInit): Promise<Response> {
    return this.send(`page/${route}`, init);
  }

  /** A request to the registry. An answer that it does not know the reader ends the visit. */
  async send(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...HEADERS, ...(init.headers as { [name: string]: string } | undefined) };
    const { fetch } = this;
    const answer = await fetch(API + path, { ...init, headers, credentials: 'same-origin' });
    if (answer.status === 401 && this.state === 'in') {
      this.trouble = 'You were signed out: the session is over, or its token does not count any more.';
      void this.out();
    }
    return answer;
  }

  /** JSON of the registry. Rejects with ApiError. */
  async json<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const init =
      body === undefined
        ? { method: 'GET', signal }
        : {
            method: 'POST',
            body: JSON.stringify(body),
            headers: { 'Content-Type': 'application/json' }
          };
    let answer: Response;
    try {
      answer = await this.send(path, init);
    } catch {
      throw new ApiError('unreachable', `${WHO} does not answer.`, 0);
    }
    if (!answer.ok) {
      throw await refusal(answer, WHO);
    }
    return (await answer.json()) as T;
  }

  /** The first look: whoever comes back from the provider is signed in before. */
  async begin(): Promise<void> {
    const arrival = arrived(this.place);
    if (arrival !== null) {
      this.trouble = arrival.trouble;
      if (this.trouble === '') {
        const { code, state } = arrival;
        try {
          await this.json('oidc-back', { code, state, back: back(this.place) });
        } catch (error) {
          this.trouble = troubleOf(error);
        }
      }
    }
    await this.look();
  }

  /** Ask who is signed in. */
  async look(): Promise<void> {
    try {
      this.become('in', await this.json<Me>('page/about'));
    } catch (error) {
      const known = error instanceof ApiError && error.status === 401;
      if (known) {
        this.provider = await this.offered();
      }
      this.become(known ? 'out' : 'away', null);
    }
  }

  /** Go to the provider. */
  async signInElsewhere(): Promise<void> {
    this.trouble = '';
    try {
      leave(this.place, await this.json('oidc-begin', { back: back(this.place) }));
    } catch (error) {
      this.trouble = troubleOf(error);
      this.become('out', null);
    }
  }

  /** Begin a session with a token. False where it does not count. */
  async signIn(token: string): Promise<boolean> {
    this.trouble = '';
    try {
      const headers = { Authorization: `Bearer ${token.trim()}` };
      const answer = await this.send('session', { method: 'POST', headers });
      if (!answer.ok) {
        this.trouble =
          answer.status === 401
            ? 'This token does not count here: it is wrong, expired or revoked.'
            : (await refusal(answer, WHO)).message;
      }
    } catch {
      // A token with characters that no header can hold, or nobody there.
      this.trouble = /^[\x21-\x7e]+$/.test(token.trim())
        ? `${WHO} does not answer.`
        : 'That is no token.';
    }
    if (this.trouble !== '') {
      this.become('out', null);
      return false;
    }
    await this.look();
    return this.state === 'in';
  }

  /** End the session, here and everywhere. */
  async signOut(): Promise<void> {
    try {
      await this.send('session', { method: 'DELETE' });
      this.trouble = '';
      void this.out();
    } catch {
      this.trouble = `Not signed out: ${WHO.toLowerCase()} does not answer.`;
      this.become('away', this.me);
    }
  }

  /** The host of the provider, which the registry shows to everybody; "" for none. */
  private async offered(): Promise<string> {
    const { fetch } = this;
    try {
      const answer = await fetch('healthz');
      await answer.text(); // the browser keeps the connection for what nobody reads
      const shown = answer.headers.get('Snapbook-Sign-In') ?? '';
      return shown === '' ? '' : new URL(shown.split(' ')[0]).host;
    } catch {
      return '';
    }
  }

  /** Nobody is in any more. Who was in from the first look on does not know the provider yet. */
  private async out(): Promise<void> {
    this.become('out', null);
    if (this.provider === '') {
      this.provider = await this.offered();
      this.changed_.emit();
    }
  }

  private become(state: VisitState, me: Me | null): void {
    this.state = state;
    this.me = me;
    this.changed_.emit();
  }
}

function troubleOf(error: unknown): string {
  return error instanceof ApiError ? error.message : `${WHO} does not answer.`;
}
