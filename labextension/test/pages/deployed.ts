/** What is deployed, for tests: a canary at its second step. */
import type { Deployed, Held, Rollout } from '../../src/production/types';

export function held(more: Partial<Held> = {}): Held {
  return {
    text: 'p99 > 2x',
    metric: 'p99',
    state: 'holds',
    why: '',
    candidate: 44.04,
    stable: 41,
    limit: 82,
    ...more
  };
}

export function rollout(more: Partial<Rollout> = {}): Rollout {
  return {
    n: 12,
    state: 'running',
    mode: 'canary',
    candidate: { ref: 'churn:1.5.0', manifest: 'b' },
    stable: { ref: 'churn:1.4.0', manifest: 'a' },
    step: 2,
    of: 4,
    steps: [5, 25, 50, 100],
    share: 25,
    begun: '2026-11-22T14:00:00Z',
    author: 'ada',
    next_s: 360,
    ended: '',
    ender: '',
    itself: false,
    why: '',
    evidence: '',
    rules: 'p99 > 2x or accuracy < stable - 2% or drift > 0.2 in price',
    waits: '',
    ...more
  };
}

export function deployed(more: Partial<Deployed> = {}): Deployed {
  return {
    model: 'churn',
    alias: 'production',
    sentence: 'Canary churn:1.5.0 at 25 %, step 2 of 4',
    live: { ref: 'churn:1.4.0', manifest: 'a' },
    back: { ref: 'churn:1.4.0', manifest: 'a' },
    rollout: rollout(),
    rules: [
      held(),
      held({
        text: 'accuracy < stable - 2%',
        metric: 'accuracy',
        state: 'n/a',
        why: '12 of 200 labels',
        candidate: null,
        stable: null,
        limit: null
      }),
      held({ text: 'drift > 0.2 in price', metric: 'drift', stable: null, candidate: 0.06, limit: 0.2 })
    ],
    ab: null,
    shadow: null,
    fronts: [{ id: 'f', host: 'here', url: 'http://h:1', answers: 'churn:1.4.0', share: 25, why: '' }],
    drill: null,
    history: [
      { ref: 'churn:1.4.0', since: '2026-11-03T00:00:00Z', until: '', author: 'ada', way: 'promote', text: '' },
      {
        ref: 'churn:1.3.0',
        since: '2026-10-01T00:00:00Z',
        until: '2026-11-03T00:00:00Z',
        author: 'bob',
        way: 'promote',
        text: ''
      }
    ],
    may: true,
    ...more
  };
}

/** A rollout that a rule took back. */
export function takenBackBy(why: string): Deployed {
  return deployed({
    sentence: 'Production is churn:1.4.0',
    back: null,
    rollout: rollout({
      state: 'aborted',
      itself: true,
      why,
      ended: '2026-11-22T14:31:00Z',
      evidence: 'e'.repeat(64),
      next_s: null
    })
  });
}
