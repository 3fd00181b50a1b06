/** An alias of a model as it is reviewed: the shapes on the wire. */
import type { JsonObject, Row, VersionRow } from '../types';

/** What a gate found. `refuses`: the version stays out if it is not passed. */
export interface Judged {
  verdict: { name: string; passed: boolean; reason: string; facts: JsonObject };
  refuses: boolean;
}

/** What somebody said of a version; `counts` says why it does not, "" where it does. */
export interface Opinion {
  word: string;
  author: string;
  time: string;
  text: string;
  counts: string;
  signed: boolean;
}

/** How long the alias pointed somewhere; `until` is "" for now. */
export interface Stay {
  ref: string;
  manifest: string;
  since: string;
  until: string;
  author: string;
  way: string;
  text: string;
}

/** The alias, the version that may take its place, and what is missing for it. */
export interface Review {
  model: string;
  alias: string;
  live: (VersionRow & { ref: string }) | null;
  candidate: (VersionRow & { ref: string }) | null;
  changes: string[];
  judged: Judged[];
  said: Opinion[];
  needed: number;
  missing: string[];
  history: Stay[];
  policy: number;
  /** Further versions that gates compare with, by their names in the policy. */
  benchmarks?: { [name: string]: VersionRow & { ref: string } };
  may: Rights;
}

/** What the reader may do; `why` not, where it is no matter of roles. */
export interface Rights {
  request: boolean;
  approve: boolean;
  reject: boolean;
  promote: boolean;
  rollback: boolean;
  why: string;
}

/** A review with the rows that stand side by side: live, candidate, newest. */
export interface Reviewed {
  review: Review;
  rows: Row[];
}
