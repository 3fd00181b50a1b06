import { describe, expect, it } from 'vitest';
import { ROW, trans } from '../pages/sample';
import { ReviewModel, type Desk } from '../../src/review/model';
import type { Judged, Opinion, Review, Reviewed } from '../../src/review/types';
import { approvals, backTo, columns, gatesText, sorted } from '../../src/review/words';

const gate = (name: string, passed: boolean, refuses: boolean): Judged => ({
  verdict: { name, passed, reason: '', facts: {} },
  refuses
});
const said = (word: string, counts = ''): Opinion => ({
  word,
  author: 'bob',
  time: '',
  text: '',
  counts,
  signed: false
});
const row = (n: number) => ({ ...ROW, n, manifest: `m${n}`, ref: `churn:0.${n}.0` });
const stay = (n: number, until = '') => ({
  ref: `churn:0.${n}.0`,
  manifest: `m${n}`,
  since: '',
  until,
  author: '',
  way: '',
  text: ''
});
const MAY = {
  request: true,
  approve: true,
  reject: true,
  promote: true,
  rollback: true,
  why: ''
};
const review = (change: Partial<Review> = {}): Review => ({
  model: 'churn',
  alias: 'production',
  live: row(1),
  candidate: row(2),
  changes: [],
  judged: [],
  said: [],
  needed: 1,
  missing: [],
  history: [stay(1), stay(0, 'then')],
  policy: 0,
  may: MAY,
  ...change
});
const told = (change: Partial<Review> = {}): Reviewed => ({
  review: review(change),
  rows: [row(1), row(2), row(3)]
});

describe('what a review says', () => {
  it('puts first what keeps a version out', () => {
    const all = [gate('a', true, true), gate('b', false, false), gate('c', false, true)];
    expect(sorted(all).open.map(one => one.verdict.name)).toEqual(['c', 'b']);
    expect(gatesText(all, trans)).toBe('1 fails, 1 warns, 1 passes');
    expect(gatesText([], trans)).toBe('');
  });

  it('counts the approvals that count', () => {
    expect(approvals([said('approve'), said('approve', 'made it'), said('request')])).toBe(1);
  });

  it('sets side by side what is live, what is looked at and the newest, each once', () => {
    const titles = (change: Partial<Review>): string[] =>
      columns(review(change), told().rows, trans).map(({ title, row }) => `${title} ${row.ref}`);
    expect(titles({ said: [said('request')] })).toEqual([
      'production churn:0.1.0',
      'asked for churn:0.2.0',
      'newest churn:0.3.0'
    ]);
    expect(titles({ live: null, candidate: row(3) })).toEqual(['candidate churn:0.3.0']);
    const benchmarks = { champion: row(1), spring: row(3) };
    expect(titles({ benchmarks })).toEqual([
      'production, champion churn:0.1.0',
      'candidate churn:0.2.0',
      'newest, spring churn:0.3.0'
    ]);
  });

  it('names the way back', () => {
    expect(backTo(review())?.ref).toBe('churn:0.0.0');
    expect(backTo(review({ history: [stay(1)] }))).toBeNull();
    // A version that is gone is no way back.
    expect(backTo(review({ history: [stay(1), { ...stay(0), ref: '' }] }))).toBeNull();
  });
});

describe('a review', () => {
  it('looks again after each act, done or not', async () => {
    let looked = 0;
    const desk: Desk = {
      review: async () => {
        looked += 1;
        return told();
      },
      act: async act => {
        if (act === 'promote') {
          throw { kind: 'conflict', message: 'production moved', status: 409 };
        }
        return 'Approved.';
      }
    };
    const model = new ReviewModel(desk, 'churn', 'production', '');
    await model.act('approve', '');
    expect(looked).toBe(0);
    await model.load();
    await model.act('approve', '');
    expect([model.done, model.failure, looked]).toEqual(['Approved.', null, 2]);
    await model.act('promote', '');
    expect([model.done, model.failure?.message, looked]).toEqual(['', 'production moved', 3]);
    expect(model.busy).toBe(false);
  });

  it('does one thing at a time', async () => {
    let done = 0;
    let finish = (): void => undefined;
    const desk: Desk = {
      review: async () => told(),
      act: () => {
        done += 1;
        return new Promise(resolve => {
          finish = () => resolve('Done.');
        });
      }
    };
    const model = new ReviewModel(desk, 'churn', 'production', '');
    await model.load();
    const first = model.act('promote', '');
    await model.act('promote', '');
    finish();
    await first;
    expect(done).toBe(1);
  });

  it('forgets that it could not look once it could', async () => {
    let down = true;
    const desk: Desk = {
      review: async () => {
        if (down) {
          throw { kind: 'unreachable', message: 'nobody answers', status: 503 };
        }
        return told();
      },
      act: async () => {
        throw { kind: 'refused', message: 'not yours', status: 403 };
      }
    };
    const model = new ReviewModel(desk, 'churn', 'production', '');
    await model.load();
    expect(model.failure?.message).toBe('nobody answers');
    down = false;
    await model.load();
    expect(model.failure).toBeNull();
    // Why an act was not done stays, though looking again went well.
    await model.act('approve', '');
    expect(model.failure?.message).toBe('not yours');
  });
});
