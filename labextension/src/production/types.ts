/** What is deployed under an alias of a model, and how: the shapes on the wire. */

/** A version by its name and by what it is. */
export interface At {
  ref: string;
  manifest: string;
}

/** One rollout: the candidate takes requests from stable, step by step. Shares are percents. */
export interface Rollout {
  /** The place of the event that began it: its name. */
  n: number;
  state: 'running' | 'paused' | 'done' | 'aborted' | 'overtaken';
  mode: string;
  candidate: At;
  stable: At;
  /** The present step, from 1. */
  step: number;
  of: number;
  steps: number[];
  /** How long a step lasts, and how far back figures reach, in seconds. */
  every_s: number;
  window_s: number;
  share: number;
  begun: string;
  author: string;
  /** Seconds until the next step, null where time alone leads nowhere. */
  next_s: number | null;
  ended: string;
  ender: string;
  /** A rule ended it. */
  itself: boolean;
  why: string;
  /** The digest of what the rule saw, "" for none. */
  evidence: string;
  /** The same in lines; absent where an older server tells. */
  seen?: string[];
  /** The rules of its plan. */
  rules: string;
  /** Why the last step is kept out, "" where it is not. */
  waits: string;
}

/** A rule of the rollout, held against what was measured; null is not known, never 0. */
export interface Held {
  text: string;
  metric: string;
  state: 'holds' | 'fires' | 'n/a';
  why: string;
  candidate: number | null;
  stable: number | null;
  limit: number | null;
}

/** One side of an A/B comparison. */
export interface Side {
  labels: number;
  value: number | null;
}

/** The outcome of both versions beside each other; without a metric nothing came yet. */
export interface Outcome {
  metric: string | null;
  stable: Side;
  candidate: Side;
  difference: number | null;
  p: number | null;
  significant: boolean | null;
  /** What that says, or why it says nothing. */
  why: string;
}

/** A server that follows the alias. */
export interface Front {
  id: string;
  host: string;
  url: string | null;
  /** The version that answers there, null where none does yet. */
  answers: string | null;
  /** What goes to the candidate. */
  share: number | null;
  /** What it cannot do, "" for nothing. */
  why: string | null;
}

/** How long a version was there; `until` is "" for now. */
export interface Stay {
  ref: string;
  since: string;
  until: string;
  author: string;
  way: string;
  text: string;
}

/** An alias of a model with all that is deployed under it. */
export interface Deployed {
  model: string;
  alias: string;
  sentence: string;
  live: At | null;
  /** Where a rollback leads. */
  back: At | null;
  rollout: Rollout | null;
  /** Nearest to firing first. */
  rules: Held[];
  ab: Outcome | null;
  shadow: { compared: number; differ: number; dropped: number } | null;
  fronts: Front[];
  /** The last rehearsal of the way back. */
  drill: { time: string; seconds: number | null; to: string; fronts: number; why: string } | null;
  history: Stay[];
  /** Whether the reader may move it. */
  may: boolean;
}
