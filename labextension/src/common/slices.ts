/**
 * Long lists rendered a slice at a time, so that the browser answers keys in between.
 *
 * A step takes what fits into a few milliseconds, then waits for an idle moment. Stops when asked.
 */
import * as React from 'react';

/** How far a list is rendered. */
export interface Slices {
  /** The items to render: all before this place. */
  count: number;
  done: boolean;
  stopped: boolean;
  /** Stop here; what is rendered stays. */
  stop: () => void;
  /** Go on after a stop. */
  resume: () => void;
  /** Render at least this many now. */
  reach: (count: number) => void;
}

/** Where the slice that begins at `start` ends, when each item weighs what `weight` says. */
export function sliceEnd(
  start: number,
  total: number,
  budget: number,
  weight: (at: number) => number
): number {
  let end = start;
  for (let spent = 0; end < total && spent < budget; end++) {
    spent += Math.max(1, weight(end));
  }
  return end;
}

interface State {
  key: unknown;
  count: number;
  stopped: boolean;
}

/** Render `total` items in slices of about `budget` weight each. `key` says when to begin anew. */
export function useSlices(
  total: number,
  key: unknown,
  budget: number,
  weight: (at: number) => number = () => 1
): Slices {
  const begin = (): State => ({
    key,
    count: sliceEnd(0, total, budget, weight),
    stopped: false
  });
  const [kept, setState] = React.useState(begin);
  const state = kept.key === key ? kept : begin();
  const change = (next: (state: State) => Partial<State>): void =>
    setState(last => {
      const from = last.key === key ? last : begin();
      return { ...from, ...next(from) };
    });
  const done = state.count >= total;
  React.useEffect(() => {
    if (done || state.stopped) {
      return;
    }
    return whenIdle(() =>
      change(({ count, stopped }) =>
        stopped ? {} : { count: sliceEnd(count, total, budget, weight) }
      )
    );
  }, [key, state.count, state.stopped, total]);
  return {
    count: Math.min(state.count, total),
    done,
    stopped: state.stopped && !done,
    stop: () => change(() => ({ stopped: true })),
    resume: () => change(() => ({ stopped: false })),
    reach: count => change(last => ({ count: Math.max(last.count, count) }))
  };
}

/** Call `act` in an idle moment, within 100 ms. Gives what takes it back. */
export function whenIdle(act: () => void): () => void {
  if (typeof window.requestIdleCallback === 'function') {
    const id = window.requestIdleCallback(act, { timeout: 100 });
    return () => window.cancelIdleCallback(id);
  }
  const id = window.setTimeout(act, 16);
  return () => window.clearTimeout(id);
}
