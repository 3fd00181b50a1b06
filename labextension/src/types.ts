/**
 * The shapes that the server part and the kernel send, as they are on the wire.
 *
 * Knows no behaviour. Readers keep fields that they do not know, so every record may hold more than
 * is named here. Times are ISO 8601 in UTC, sizes are bytes, digests are hex text.
 */

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** The next act that an error proposes: a verb and its arguments. */
export interface Hint {
  verb: string;
  args: string[];
}

/** A metric's value; `direction` says which is better where that is known. */
export interface Metric {
  value: number | string;
  direction: 'max' | 'min' | null;
}

/** One version as lists hold it: `list --json`. */
export interface VersionRow {
  n: number;
  model: string;
  number: [number, number, number];
  manifest: string;
  key: string;
  texts: string;
  parents: string[];
  time: string;
  author: string;
  bump: string;
  reason: string;
  message: string;
  class_name: string;
  main: string;
  auto: boolean;
  signed: boolean;
  deleted: boolean;
  damage: string;
  metrics: { [name: string]: Metric };
  params: JsonObject;
  tags: { [name: string]: string };
  aliases: string[];
  /** References of the same version in registries: team::churn:0.4.0. Absent from older servers. */
  shared?: string[];
  /** Registries that it waits to be pushed to. Absent from older servers. */
  waits?: string[];
}

/** One row of the panel: a version with what the server tells beside it. */
export interface Row extends VersionRow {
  ref: string;
  /** The version before it of this model, with its main metric. */
  previous: { ref: string; value: number | string | null } | null;
  delta: number | null;
  better: boolean | null;
  mine: boolean;
  /** Where it was made, seen from the active notebook. */
  provenance: 'this' | 'other' | 'registry' | '';
  notebook: string;
  pushed: boolean | null;
  reproduced: boolean | null;
  /** In answers of `pins`: the alias that pins it. */
  alias?: string;
}

/** Where the versions of a notebook's folder are. `id` is opaque: events carry it. */
export interface Place {
  exists: boolean;
  id: string;
  project: string;
  folder: string;
  display: string;
  why: string;
  yours: boolean;
  head: number;
  models: string[];
  versions: number;
  bytes: number;
  budget_bytes: number;
  damaged: string[];
  mentions: string[];
  settings: JsonObject;
  /** Why the repository cannot be read, as an error of the wire; null where it can. */
  trouble?: JsonObject | null;
}

/** What can be asked of a list of versions. */
export interface Query {
  path: string;
  model?: string;
  where?: string;
  text?: string;
  marked?: boolean;
  author?: string;
  alias?: string;
  tag?: string;
  /** From which end: the newest first, if it is not said. */
  order?: 'newest' | 'oldest';
  after?: string;
  limit?: number;
}

/** One page of versions, newest first; `after` is the key of the next one. */
export interface Page {
  rows: Row[];
  after: string | null;
  models: string[];
  note: string;
  head: number;
}

/** A metric over versions, oldest first. */
export interface Series {
  metric: string;
  direction: 'max' | 'min' | null;
  points: SeriesPoint[];
}

export interface SeriesPoint {
  ref: string;
  n: number;
  number: string;
  time: string;
  value: number;
}

/** One argument of a verb. `many`: "", "?", "*", "+", "append" or "flag". */
export interface VerbArgument {
  name: string;
  options: string[];
  help: string;
  many: string;
  choices: string[];
  metavar: string;
  positional: boolean;
  default: Json;
}

/** One verb of the server's table. `button` names the act that asks first, "" asks nothing. */
export interface VerbInfo {
  name: string;
  label: string;
  help: string;
  place: 'kernel' | 'anywhere';
  on: 'version' | 'model' | 'repository' | 'session' | '';
  changes: boolean;
  button: string;
  arguments: VerbArgument[];
}

/** The server part. */
export interface About {
  version: string;
  api: number;
  project_root: string;
  user: string;
  host: string;
  verbs: VerbInfo[];
}

/** One captured thing of a version. */
export interface Part {
  kind: string;
  name: string;
  facts: JsonObject;
  blobs: string[];
}

export interface GraphNode {
  id: string;
  kind: 'file' | 'frame' | 'cell' | 'model' | 'alias' | 'module';
  label: string;
  detail: string;
  /** The section of the version page that tells more. */
  section: string;
}

/** Files -> frames -> cells -> model -> aliases. `folded` nodes are left out. */
export interface Graph {
  nodes: GraphNode[];
  edges: [string, string][];
  folded?: number;
}

/** One act on a version: who did what when. */
export interface VersionEvent {
  n: number;
  time: string;
  author: string;
  kind: string;
  text: string;
}

/** One version in full. */
export interface Version {
  version: VersionRow;
  manifest: {
    parts: { kind: string; name: string; digest: string }[];
    author: { key: string; name: string };
    message: string;
    parents: string[];
    time: string;
    extra: JsonObject;
  };
  parts: Part[];
  /** (time, author, text) of each note. */
  notes: [string, string, string][];
  echo: string;
  mine: boolean;
  row: Row;
  events: VersionEvent[];
  graph: Graph;
  summary: { set_params: string[] | JsonObject; changed: string[] };
  verified?: Json;
}

/** One executed cell; outputs are told by kind and size, fetched one by one. */
export interface CellRow {
  /** The place in the log: `output` is asked with it. */
  index: number;
  id: string;
  /** The number in brackets, [9]. */
  number: number | null;
  source: string;
  made: boolean;
  outputs: { kind: string; bytes: number }[];
  [field: string]: Json | { kind: string; bytes: number }[];
}

/** One stored output of the notebook document. `encoding` is absent for text. */
export interface StoredOutput {
  mime: string;
  data: string;
  encoding?: string;
  flagged?: boolean;
  /** Every form in which it is stored. */
  mimes?: string[];
}

/** One difference. */
export interface Change {
  section: string;
  name: string;
  what: 'added' | 'removed' | 'changed' | 'moved' | string;
  old: Json;
  new: Json;
  lines: string[];
  better: boolean | null;
  facts: JsonObject;
}

/** Two versions side by side; `text` is what `snapbook diff` prints. */
export interface Compared {
  old: string;
  new: string;
  apart: string;
  changes: Change[];
  same: { [noun: string]: number };
  echo: string;
  text?: string[];
}

/** What a verb that ran in the server answers. */
export interface VerbAnswer {
  value: Json;
  lines: string[];
  exit_code: number;
}

/** A variable that may be the model. */
export interface Candidate {
  variable: string;
  class_name: string;
  fitted: boolean | null;
  why: string;
}

/** A frame that a snapshot would keep. */
export interface FrameInfo {
  name: string;
  type: string;
  shape: number[];
  bytes: number;
  role?: string;
}

/** What `%snapbook status --json` tells about a kernel. */
export interface KernelStatus {
  candidates: Candidate[];
  frames: FrameInfo[];
  /** The suggested name of the model, and the variable. */
  name: string;
  variable: string;
  /** The version that this session last made or restored, "" for none. */
  parent: string;
  changed_cells: number;
  cells: number;
  auto: boolean;
  /** What --undo would take back, "" for nothing. */
  undo: string;
  folder: string;
  repository: string;
  host: string;
}

/** The outcome of a save, or with `dry` what it would be. */
export interface Saved {
  version: VersionRow;
  unchanged: boolean;
  bump: string;
  reason: string;
  variable: string;
  class_name: string;
  metrics: Change[];
  kept: string[];
  folded: string[];
  unusual: string[];
  not_kept: string[];
  new_bytes: number;
  seconds: number;
  first_of_repository: boolean;
  dry: boolean;
  quiet: boolean;
  /** A new version as lists tell it. Absent from older kernels. */
  row?: Row | null;
}

/** A variable's value that no version has: what it is, why it may be lost, when it was fitted. */
export interface Lost {
  name: string;
  what: string;
  why: string;
  time: string;
}

/** A variable before and after a restore; `changes` are its parameters that differ. */
export interface Swap {
  name: string;
  old: string;
  new: string;
  changes: string[];
  same: boolean;
}

/** Something more that a version could bring back; `what` as --what takes it. */
export interface Offer {
  what: string;
  count: number;
  bytes: number | null;
  names: string[];
}

/** What a restore did, or with `preview` would do: pairs of (variable, text). */
export interface Restored {
  ref: string;
  bound: [string, string][];
  /** (variable, the version that keeps its old value, "" for none). */
  replaced: [string, string][];
  files: string[];
  warnings: string[];
  echo: string;
  preview: boolean;
  undone: boolean;
  /** Variables whose present value is in no version. */
  lost?: Lost[];
  /** Each variable before and after, in words. */
  swaps?: Swap[];
  /** What more the version could bring back. */
  more?: Offer[];
  /** How many variables are not touched. */
  untouched?: number;
}

/** The facts of our output: which version a card is about, nothing else. */
export interface CardData {
  ref: string;
  digest: string;
}

/** A version whose card was published, with its row if the kernel sent that along. */
export interface Carded {
  ref: string;
  row: Row | null;
}

/** The MIME type of a version's card. */
export const CARD_MIME = 'application/vnd.snapbook.card+json';

/** The event that the server emits when a repository has grown: {place, head}. */
export const CHANGED_SCHEMA = 'urn:snapbook:changed';

/** The event that tells how far a long verb is: {task, what, done, of}. */
export const PROGRESS_SCHEMA = 'urn:snapbook:progress';
