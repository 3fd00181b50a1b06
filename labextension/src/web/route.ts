/**
 * Which screen an address names. Addresses are the part after #, so that they work below any path,
 * and hold names alone. Pure.
 */

/** A screen and what it shows. */
export type Route =
  | { screen: 'models' }
  | { screen: 'versions'; model: string }
  | { screen: 'version'; model: string; ref: string }
  | { screen: 'diff'; model: string; old: string; now: string }
  | { screen: 'review'; model: string; alias: string; ref: string }
  | { screen: 'audit'; model: string };

/** Models cannot have such a name. */
const AUDIT = ':audit';

/** The screen of an address such as #/churn/1.4.0; the models where it names none. */
export function routeOf(hash: string): Route {
  const [model, word, ...rest] = hash.replace(/^#?\/?/, '').split('/').map(decoded);
  if (!model) {
    return { screen: 'models' };
  }
  if (model === AUDIT) {
    return { screen: 'audit', model: '' };
  }
  switch (word) {
    case undefined:
    case '':
      return { screen: 'versions', model };
    case 'audit':
      return { screen: 'audit', model };
    case 'review':
      return {
        screen: 'review',
        model,
        alias: rest[0] || 'production',
        ref: rest[1] ? whole(model, rest[1]) : ''
      };
    case 'diff':
      return {
        screen: 'diff',
        model,
        old: whole(model, rest[0] ?? ''),
        now: rest[1] ? whole(model, rest[1]) : ''
      };
    default:
      return { screen: 'version', model, ref: whole(model, word) };
  }
}

/** The address of a screen. */
export function addressOf(route: Route): string {
  switch (route.screen) {
    case 'models':
      return '#/';
    case 'versions':
      return address(route.model);
    case 'version':
      return address(route.model, short(route.model, route.ref));
    case 'diff':
      return address(
        route.model,
        'diff',
        ...[route.old, route.now].filter(Boolean).map(ref => short(route.model, ref))
      );
    case 'review':
      return address(
        route.model,
        'review',
        route.alias,
        ...(route.ref ? [short(route.model, route.ref)] : [])
      );
    case 'audit':
      return route.model === '' ? address(AUDIT) : address(route.model, 'audit');
  }
}

/** The model that a reference such as churn:1.4.0 or churn@production names. */
export function modelOf(ref: string): string {
  return /^[^:@~#]*/.exec(ref)?.[0] ?? '';
}

function address(...words: string[]): string {
  return `#/${words.map(encodeURIComponent).join('/')}`;
}

/** A reference within its model: 1.4.0 of churn:1.4.0. */
function short(model: string, ref: string): string {
  return ref.startsWith(`${model}:`) ? ref.slice(model.length + 1) : ref;
}

function whole(model: string, word: string): string {
  return /^\d/.test(word) ? `${model}:${word}` : /^[@~]/.test(word) ? model + word : word;
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
