/**
 * Signing in at a provider: the way there, and back to the page that began it.
 *
 * The registry makes and checks the secrets (registry/arrivals.py). What stays here meanwhile is one
 * word of this origin's own, so that nobody is signed in by a link that another page made.
 */

/** What of the window is needed. */
export interface Place {
  location: Pick<Location, 'origin' | 'pathname' | 'search' | 'hash' | 'assign'>;
  history: Pick<History, 'replaceState'>;
  sessionStorage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

/** Who comes back: with a code for the registry, or with what went wrong. */
export interface Arrival {
  code: string;
  state: string;
  trouble: string;
}

const KEY = 'snapbook-arriving';

/** The page's own address, where the provider sends its reader back to. */
export function back({ location }: Place): string {
  return location.origin + location.pathname;
}

/** Go to the provider; the screen that was asked for is there again afterwards. */
export function leave(place: Place, to: { address: string; state: string }): void {
  const kept = { state: to.state, at: place.location.hash };
  place.sessionStorage.setItem(KEY, JSON.stringify(kept));
  place.location.assign(to.address);
}

/** Who comes back from the provider, once; null where nobody does. The address says no more of it. */
export function arrived(place: Place): Arrival | null {
  const query = new URLSearchParams(place.location.search);
  const state = query.get('state');
  const [code, error] = [query.get('code') ?? '', query.get('error') ?? ''];
  if (state === null || (code === '' && error === '')) {
    return null;
  }
  const kept = keptOf(place.sessionStorage.getItem(KEY));
  place.sessionStorage.removeItem(KEY);
  place.history.replaceState(null, '', place.location.pathname + kept.at);
  if (kept.state !== state) {
    return { code: '', state, trouble: 'Not signed in: that sign-in was not begun here.' };
  }
  return { code, state, trouble: error === '' ? '' : `Not signed in: ${error}.` };
}

function keptOf(text: string | null): { state: string; at: string } {
  try {
    const { state, at } = JSON.parse(text ?? '{}') as { state?: unknown; at?: unknown };
    const ours = typeof at === 'string' && at.startsWith('#/');
    return { state: typeof state === 'string' ? state : '', at: ours ? at : '' };
  } catch {
    return { state: '', at: '' };
  }
}
