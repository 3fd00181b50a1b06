import { describe, expect, it } from 'vitest';
import { ApiError, Client } from '../../src/client';
import { Visit } from '../../src/web/visit';
import { placeOf } from './places';

const ME = { name: 'team', version: '1', you: 'bob', grants: ['reader:*'], all: true };

/** A visit whose registry answers as told; what it was asked is noted. */
function visitOf(
  answer: (path: string, init: RequestInit) => Response | Promise<Response>,
  place = placeOf('').place
): {
  visit: Visit;
  asked: { path: string; init: RequestInit }[];
} {
  const asked: { path: string; init: RequestInit }[] = [];
  const fetch = async (path: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    asked.push({ path: String(path), init });
    return answer(String(path), init);
  };
  return { visit: new Visit(fetch as typeof window.fetch, place), asked };
}

const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), { status });
const unknown = (): Response => json({ kind: 'unauthenticated', message: 'who?' }, 401);

describe('a visit', () => {
  it('begins with a token that goes nowhere but into one header', async () => {
    const { visit, asked } = visitOf(path =>
      path.endsWith('session') ? new Response(null, { status: 201 }) : json(ME)
    );
    expect(await visit.signIn('  snapbook_1_secret\n')).toBe(true);
    expect(visit.state).toBe('in');
    expect(visit.me).toEqual(ME);
    const [first, second] = asked;
    expect(first.path).toBe('api/v1/session');
    expect(first.init.body).toBeUndefined();
    expect(first.init.headers).toMatchObject({ Authorization: 'Bearer snapbook_1_secret' });
    expect(JSON.stringify([second, visit.me, visit.trouble])).not.toContain('secret');
  });

  it('says that a token does not count', async () => {
    const { visit } = visitOf(unknown);
    expect(await visit.signIn('snapbook_1_x')).toBe(false);
    expect(visit.trouble).toContain('wrong, expired or revoked');
    expect(visit.state).toBe('out');
  });

  it('says so too of what can be no token, and of silence', async () => {
    const { visit } = visitOf(() => Promise.reject(new TypeError('no')));
    await visit.signIn('\u2014');
    expect(visit.trouble).toBe('That is no token.');
    await visit.signIn('snapbook_1_x');
    expect(visit.trouble).toBe('The registry does not answer.');
  });

  it('sends its own header with all it asks, and never its cookie elsewhere', async () => {
    const { visit, asked } = visitOf(() => json({ rows: [], after: null }));
    await new Client(visit).versions({ path: '', model: 'churn' });
    await visit.json('promotions', { ref: 'churn' });
    for (const { init } of asked) {
      expect(init.headers).toMatchObject({ 'X-Snapbook-Page': '1' });
      expect(init.credentials).toBe('same-origin');
    }
    expect(asked[0].path).toBe('api/v1/page/versions?path=&model=churn');
  });

  it('ends when the registry knows the reader no more, and says why', async () => {
    let known = true;
    const { visit } = visitOf(() => (known ? json(ME) : unknown()));
    await visit.look();
    expect(visit.state).toBe('in');
    known = false;
    await expect(visit.json('page/models')).rejects.toBeInstanceOf(ApiError);
    expect(visit.state).toBe('out');
    expect(visit.trouble).toContain('signed out');
  });

  it('tells nobody there from nobody known', async () => {
    const { visit } = visitOf(() => Promise.reject(new TypeError('no')));
    await visit.look();
    expect(visit.state).toBe('away');
    const other = visitOf(unknown).visit;
    await other.look();
    expect(other.state).toBe('out');
    expect(other.trouble).toBe('');
  });

  it('is not over before the registry said so', async () => {
    let there = true;
    const { visit } = visitOf(() => (there ? json(ME) : Promise.reject(new TypeError('no'))));
    await visit.look();
    there = false;
    await visit.signOut();
    expect(visit.trouble).toContain('Not signed out');
    expect(visit.state).toBe('away');
  });

  it('offers the provider that the registry shows, and goes there', async () => {
    const shown = { headers: { 'Snapbook-Sign-In': 'https://login.example.com/a snapbook' } };
    const { place, went } = placeOf('');
    const { visit, asked } = visitOf(path => {
      if (path === 'healthz') {
        return new Response('{}', shown);
      }
      return path.endsWith('oidc-begin') ? json({ address: 'https://x', state: 's' }) : unknown();
    }, place);
    await visit.begin();
    expect([visit.state, visit.provider]).toEqual(['out', 'login.example.com']);
    await visit.signInElsewhere();
    expect(went).toEqual(['https://x']);
    const body = asked[asked.length - 1].init.body;
    expect(body).toBe('{"back":"https://models.example.com/registry/"}');
  });

  it('brings code and state to the registry before it looks who is there', async () => {
    const { place } = placeOf('?code=c&state=s');
    place.sessionStorage.setItem('snapbook-arriving', '{"state":"s","at":"#/x"}');
    const { visit, asked } = visitOf(path => json(path.endsWith('about') ? ME : {}, 201), place);
    await visit.begin();
    expect(visit.state).toBe('in');
    expect(asked.map(({ path }) => path)).toEqual(['api/v1/oidc-back', 'api/v1/page/about']);
    expect(JSON.parse(String(asked[0].init.body))).toMatchObject({ code: 'c', state: 's' });
  });

  it('says why somebody who came back is not in', async () => {
    const { place } = placeOf('?code=c&state=s');
    place.sessionStorage.setItem('snapbook-arriving', '{"state":"s","at":""}');
    const { visit } = visitOf(unknown, place);
    await visit.begin();
    expect([visit.state, visit.trouble]).toEqual(['out', 'who?']);
    const link = visitOf(unknown, placeOf('?code=c&state=s').place);
    await link.visit.begin();
    expect(link.visit.trouble).toContain('not begun here');
    expect(link.asked.map(({ path }) => path)).not.toContain('api/v1/oidc-back');
  });

  it('offers the provider to who signed out, too', async () => {
    const shown = { headers: { 'Snapbook-Sign-In': 'https://login.example.com snapbook' } };
    const { visit } = visitOf(path =>
      path === 'healthz' ? new Response('{}', shown) : json(ME)
    );
    await visit.begin();
    expect([visit.state, visit.provider]).toEqual(['in', '']);
    await visit.signOut();
    expect(visit.state).toBe('out');
    await new Promise(resolve => setTimeout(resolve));
    expect(visit.provider).toBe('login.example.com');
  });
});
