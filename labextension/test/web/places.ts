import type { Place } from '../../src/web/arrival';

/** A window at ``search`` and ``hash``; what was kept and where it went is noted. */
export function placeOf(
  search: string,
  hash = '#/churn'
): { place: Place; kept: Map<string, string>; went: string[] } {
  const kept = new Map<string, string>();
  const went: string[] = [];
  const place: Place = {
    location: {
      origin: 'https://models.example.com',
      pathname: '/registry/',
      search,
      hash,
      assign: (to: string | URL) => void went.push(String(to))
    },
    history: { replaceState: (_state, _unused, to) => void went.push(String(to)) },
    sessionStorage: {
      getItem: name => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: name => void kept.delete(name)
    }
  };
  return { place, kept, went };
}
