// @vitest-environment jsdom
import '../pages/browser';

import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';
import { ApiError, Client } from '../../src/client';
import { jupyterServer } from '../../src/reach';

/** A client whose answers are given; what it asked for is noted. */
function clientOf(answer: (request: Request) => Response | Promise<Response>): {
  client: Client;
  asked: Request[];
} {
  const asked: Request[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/user/me/',
    token: '',
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      asked.push(request);
      return answer(request);
    }
  });
  return { client: new Client(jupyterServer(settings)), asked };
}

const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), { status });

describe('the client', () => {
  it('asks below the base URL, with everything in its place', async () => {
    const { client, asked } = clientOf(() => json({ rows: [], after: null }));
    await client.versions({ path: 'a b/ü&x.ipynb', where: 'a > 1 & b', marked: true, limit: 5 });
    const url = new URL(asked[0].url);
    expect(url.pathname).toBe('/user/me/snapbook/api/versions');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      path: 'a b/ü&x.ipynb',
      where: 'a > 1 & b',
      marked: '1',
      limit: '5'
    });
    expect(url.searchParams.has('model')).toBe(false);
  });

  it('gives the server its own words back', async () => {
    const { client } = clientOf(() =>
      json(
        {
          kind: 'not-found',
          message: 'churn has no 0.9.0.',
          act: 'All',
          typed: 'list churn',
          hint: { verb: 'list', args: ['churn', 1] }
        },
        404
      )
    );
    const error = await client.version('', 'churn:0.9.0').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      kind: 'not-found',
      message: 'churn has no 0.9.0.',
      act: 'All: list churn',
      status: 404,
      hint: { verb: 'list', args: ['churn', '1'] },
      missing: false
    });
  });

  it.each([
    ['a page of HTML', () => new Response('<!DOCTYPE HTML>', { status: 404 }), 'server-missing'],
    ['what Jupyter says', () => json({ message: 'Not Found', reason: null }, 404), 'server-missing'],
    ['a gateway', () => new Response('bad gateway', { status: 502 }), 'server']
  ])('tells %s apart', async (_, answer, kind) => {
    const { client } = clientOf(answer);
    await expect(client.about()).rejects.toMatchObject({ kind });
  });

  it('says when nobody answers', async () => {
    const { client } = clientOf(() => {
      throw new TypeError('Failed to fetch');
    });
    await expect(client.place('')).rejects.toMatchObject({ kind: 'unreachable', status: 0 });
  });

  it('posts verbs', async () => {
    const { client, asked } = clientOf(() => json({ value: null, lines: ['done'], exit_code: 0 }));
    await client.verb('a.ipynb', 'tag', ['churn:0.1.0', 'exp'], { remove: ['old'] }, 'task-1');
    expect(asked[0].method).toBe('POST');
    expect(new URL(asked[0].url).pathname).toBe('/user/me/snapbook/api/verbs/tag');
    expect(await asked[0].json()).toEqual({
      path: 'a.ipynb',
      args: ['churn:0.1.0', 'exp'],
      options: { remove: ['old'] },
      task: 'task-1'
    });
  });
});
