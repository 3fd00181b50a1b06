import { describe, expect, it } from 'vitest';
import { Client } from '../../src/client';
import { ReviewPlace } from '../../src/review/place';
import type { Desk } from '../../src/review/model';
import type { Reviewed } from '../../src/review/types';
import { registriesOf, VerbDesk } from '../../src/review/verbs';
import type { Json, JsonObject } from '../../src/types';
import { ROW } from './sample';

const version = (n: number): JsonObject => ({
  ...(ROW as unknown as JsonObject),
  n,
  manifest: `m${n}`,
  number: [0, n, 0],
  ref: `churn:0.${n}.0`
});
const TOLD = {
  model: 'churn',
  alias: 'production',
  live: version(1),
  candidate: version(2),
  changes: ['accuracy 0.9 -> 0.95 better'],
  gates: [{ name: 'metric', passed: false, reason: 'worse', refuses: true, facts: {} }],
  benchmarks: { champion: version(1) },
  said: [
    { said: 'approve', author: 'ada', time: '', text: '', counts: false, why: 'made it', signed: true }
  ],
  approvals_needed: 1,
  missing: ['1 of 1 approval is missing'],
  policy: 2,
  history: [],
  may: { request: true, approve: false, reject: true, promote: true, rollback: false, why: '' }
};

/** A desk over a server that answers with `value`; what it was asked is kept. */
function asked(registry: string, value: Json): { desk: VerbDesk; sent: JsonObject[]; client: Client } {
  const sent: JsonObject[] = [];
  const client = new Client({
    who: 'It',
    ask: async (route, init) => {
      sent.push({ route, ...(JSON.parse(String(init.body)) as JsonObject) });
      return new Response(JSON.stringify({ value, lines: [], exit_code: 0 }));
    }
  });
  return { desk: new VerbDesk(client, 'a/train.ipynb', registry), sent, client };
}

describe('a desk of verbs', () => {
  it('tells a review as the page of a registry has it', async () => {
    const { desk, sent } = asked('', TOLD as unknown as Json);
    const { review, rows } = await desk.review('churn', 'production', 'churn:0.2.0');
    expect(sent).toEqual([
      {
        route: 'verbs/review',
        path: 'a/train.ipynb',
        args: ['churn:0.2.0'],
        options: { alias: 'production' }
      }
    ]);
    expect(review.judged[0]).toEqual({
      verdict: { name: 'metric', passed: false, reason: 'worse', facts: {} },
      refuses: true
    });
    expect(review.said[0]).toMatchObject({ word: 'approve', counts: 'made it', signed: true });
    expect([review.needed, review.policy, review.may.approve]).toEqual([1, 2, false]);
    expect(rows.map(({ ref }) => ref)).toEqual(['churn:0.1.0', 'churn:0.2.0']);
  });

  it('asks for a model where no version is named, in the registry that is chosen', async () => {
    const { desk, sent } = asked('team', TOLD as unknown as Json);
    await desk.review('churn', 'staging', '');
    expect(sent[0]).toMatchObject({
      args: ['churn'],
      options: { alias: 'staging', registry: 'team' }
    });
  });

  it('acts by the verb of the same name, with what was seen', async () => {
    const { desk, sent } = asked('team', TOLD as unknown as Json);
    const told = await desk.review('churn', 'production', '');
    expect(await desk.act('approve', told, 'looks good')).toBe('Approved churn:0.2.0 for production.');
    expect(await desk.act('request', told, '')).toBe('Asked for churn:0.2.0 for production.');
    expect(sent.slice(1).map(({ route, args, options }) => [route, args, options])).toEqual([
      ['verbs/approve', ['churn:0.2.0', 'production'], { reason: 'looks good', registry: 'team' }],
      ['verbs/request', ['churn:0.2.0', 'production'], { registry: 'team' }]
    ]);
    const moving = asked('', { ref: 'churn:0.2.0', before: { ref: 'churn:0.1.0' } });
    expect(await moving.desk.act('promote', told, '')).toBe('production of churn is 0.2.0 (was 0.1.0).');
    expect(await moving.desk.act('rollback', told, '')).toBe('production of churn is 0.2.0 (was 0.1.0).');
    expect(moving.sent.map(({ args, options }) => [args, options])).toEqual([
      [['churn:0.2.0', 'production'], { seen: 'm1' }],
      [['churn', 'production'], {}]
    ]);
  });

  it('knows the registries by their names', async () => {
    const { client } = asked('', { registries: [{ name: 'team', url: 'https://a' }] });
    expect(await registriesOf(client, '')).toEqual(['team']);
  });
});

describe('where a version is reviewed', () => {
  const opened = (shared: string[]): { place: ReviewPlace; looked: string[] } => {
    const looked: string[] = [];
    const at = (registry: string): Desk => ({
      review: async (model, alias, ref) => {
        looked.push([registry, model, alias, ref].join(' '));
        if (registry === 'gone') {
          throw { kind: 'unreachable', message: 'gone does not answer', status: 503 };
        }
        return { rows: [], review: {} } as unknown as Reviewed;
      },
      act: async () => ''
    });
    const place = new ReviewPlace(
      { at, registries: async () => ['team', 'gone'], shared: async () => shared },
      'train.ipynb',
      'churn:0.4.0'
    );
    return { place, looked };
  };

  it('is its own place first, then where one chooses, under the number that it has there', async () => {
    const { place, looked } = opened(['other::churn:0.1.0', 'team::churn:0.7.0']);
    await place.load();
    expect(place.registries).toEqual(['team', 'gone']);
    await place.choose({ registry: 'team' });
    await place.choose({ alias: 'staging' });
    expect(looked).toEqual([
      ' churn production churn:0.4.0',
      'team churn production churn:0.7.0',
      'team churn staging churn:0.7.0'
    ]);
  });

  it('asks a registry that has not got it for what was asked for there', async () => {
    const { place, looked } = opened([]);
    await place.load();
    await place.choose({ registry: 'team' });
    expect(looked[1]).toBe('team churn production ');
  });

  it('tells why it cannot look, until it can', async () => {
    const { place } = opened([]);
    await place.load();
    await place.choose({ registry: 'gone' });
    expect(place.shown.failure?.message).toBe('gone does not answer');
    expect(place.failure).toBeNull();
    await place.choose({ registry: '' });
    expect([place.shown.failure, place.shown.told !== null]).toEqual([null, true]);
  });

  it('is silent when it is closed', async () => {
    const { place } = opened([]);
    let times = 0;
    place.changed.connect(() => (times += 1));
    const load = place.load();
    place.dispose();
    await load;
    expect(times).toBe(0);
  });
});
