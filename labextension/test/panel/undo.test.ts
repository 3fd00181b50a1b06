// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { Production, type Act, type Desk } from '../../src/production/model';
import type { Deployed, Rollout } from '../../src/production/types';
import { standsFor, undoOf } from '../../src/production/undo';
import { ProductionDesk } from '../../src/production/verbs';
import type { Client } from '../../src/client';

const at = (number: string) => ({ ref: `churn:${number}`, manifest: number });
const ROLLOUT: Rollout = {
  n: 7, state: 'running', mode: 'canary', candidate: at('1.5.0'), stable: at('1.4.0'),
  step: 2, of: 3, steps: [5, 50, 100], every_s: 600, window_s: 60, share: 50, begun: '',
  author: '', next_s: 60, ended: '', ender: '', itself: false, why: '', evidence: '',
  rules: 'p99 > 2x', waits: ''
};
const told = (changes: Partial<Deployed>): Deployed => ({
  model: 'churn', alias: 'production', sentence: '', live: at('1.4.0'), back: at('1.3.0'),
  rollout: null, rules: [], ab: null, shadow: null, fronts: [], drill: null, history: [],
  may: true, ...changes
});
const BACK: Act = { verb: 'rollback', options: {} };
const UNDER_WAY = told({ rollout: ROLLOUT, back: at('1.4.0') });
const ENDED = told({ rollout: { ...ROLLOUT, state: 'aborted' } });

/** A desk that tells one thing after another. */
function deskOf(...answers: Deployed[]): { desk: Desk; acts: Act[] } {
  const acts: Act[] = [];
  const desk: Desk = {
    deployed: async () => [answers.length > 1 ? (answers.shift() as Deployed) : answers[0]],
    act: async (_, act) => {
      acts.push(act);
      return 'done';
    }
  };
  return { desk, acts };
}

describe('undo of a rollback', () => {
  it('of an alias leads where it was', async () => {
    const { desk, acts } = deskOf(told({}), told({ live: at('1.3.0'), back: at('1.4.0') }));
    const model = new Production(desk, () => false);
    await model.read('', 'churn');
    expect(model.undo(model.told[0])).toBeNull();
    await model.act('production', BACK);
    const undo = model.undo(model.told[0]);
    expect(undo).toMatchObject({ verb: 'rollback', to: at('1.4.0') });
    await model.act('production', undo as Act);
    expect(acts[1].to).toEqual(at('1.4.0'));
    model.dispose();
  });

  it('of a rollout begins it again', () => {
    const undo = undoOf(BACK, UNDER_WAY);
    expect(undo?.act).toEqual({ verb: 'deploy', options: {}, again: ROLLOUT });
    expect(undo && standsFor(undo, ENDED)).toBe(true);
  });

  it('is gone when things stand otherwise', () => {
    const undo = undoOf(BACK, UNDER_WAY);
    const gone = [
      UNDER_WAY,
      told({ live: at('1.6.0'), rollout: ENDED.rollout }),
      told({ rollout: { ...ROLLOUT, n: 9, state: 'aborted' } }),
      told({ live: null, rollout: ENDED.rollout })
    ];
    expect(gone.map(now => undo && standsFor(undo, now))).toEqual([false, false, false, false]);
  });

  it('is none of what changed nothing, or of other acts', () => {
    expect(undoOf({ verb: 'rollback', options: { drill: true } }, told({}))).toBeNull();
    expect(undoOf({ verb: 'pause', options: {} }, UNDER_WAY)).toBeNull();
    expect(undoOf(BACK, told({ back: null }))).toBeNull();
    expect(undoOf(BACK, told({ live: null }))).toBeNull();
  });

  it('is forgotten with the next act, and with a refusal', async () => {
    const { desk } = deskOf(told({}), told({ live: at('1.3.0') }));
    const model = new Production(desk, () => false);
    await model.read('', 'churn');
    await model.act('production', BACK);
    await model.act('production', { verb: 'pause', options: {} });
    expect(model.undo(model.told[0])).toBeNull();
    model.dispose();
  });
});

describe('verbs of it', () => {
  async function asked(act: Act): Promise<unknown[]> {
    const calls: unknown[][] = [];
    const verb = async (...words: unknown[]) => {
      calls.push(words);
      return { value: null, lines: ['done'] };
    };
    const client = { verb } as unknown as Client;
    await new ProductionDesk(client).act('p', act, told({}));
    return calls[0];
  }
  const reason = 'the rollback is taken back';

  it('name the version', async () => {
    expect(await asked({ ...BACK, to: at('1.4.0') })).toEqual([
      'p', 'rollback', ['churn', 'production'], { to: '1.4.0', reason }
    ]);
    expect(await asked(BACK)).toEqual(['p', 'rollback', ['churn', 'production'], {}]);
  });

  it.each([
    ['canary', { canary: '5,50,100', every: '600s' }],
    ['ab', { ab: '5' }],
    ['shadow', { shadow: true }]
  ])('spell a plan: %s', async (mode, way) => {
    const again = { ...ROLLOUT, mode };
    expect(await asked({ verb: 'deploy', options: {}, again })).toEqual([
      'p', 'deploy', ['churn:1.5.0'],
      { ...way, abort_if: 'p99 > 2x', window: '60s', alias: 'production', reason }
    ]);
  });
});
