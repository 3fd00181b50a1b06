/**
 * The server part over HTTP: one method a route, answers as types.ts names them.
 *
 * Knows routes and errors; keeps nothing, so that what is shown is always what the server said.
 */
import type { Deployed } from './production/types';
import type {
  About,
  CellRow,
  Compared,
  Hint,
  Json,
  JsonObject,
  Page,
  Place,
  Query,
  Row,
  Series,
  StoredOutput,
  VerbAnswer,
  Version
} from './types';

/** What a request may carry in its address. */
type Params = { [name: string]: string | number | boolean | undefined };

/**
 * How a route is reached: `route` with its query, below where the routes are. Rejects only where
 * nobody answers.
 */
export interface Reach {
  /** Who answers, as the first words of a sentence: "The Jupyter server". */
  readonly who: string;
  ask(route: string, init: RequestInit): Promise<Response>;
}

/** One sentence of the server about what did not happen. */
export class ApiError extends Error {
  constructor(
    readonly kind: string,
    message: string,
    readonly status: number,
    readonly hint: Hint | null = null,
    /** What to do where that is no verb of ours: "Like this: accuracy > 0.9". */
    readonly act = ''
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** Whether the server has no routes of ours at all. */
  get missing(): boolean {
    return this.kind === 'server-missing';
  }
}

/** The routes of the server part, below the server's base URL. */
export class Client {
  constructor(private readonly reach: Reach) {}

  about(): Promise<About> {
    return this.get<About>('about', {});
  }

  place(path: string): Promise<Place> {
    return this.get<Place>('place', { path });
  }

  versions(query: Query, signal?: AbortSignal): Promise<Page> {
    return this.get<Page>('versions', { ...query }, signal);
  }

  async count(query: Query, signal?: AbortSignal): Promise<number> {
    return (await this.get<{ count: number }>('count', { ...query }, signal)).count;
  }

  series(path: string, model: string, metric = ''): Promise<Series> {
    return this.get<Series>('series', { path, model, metric: metric || undefined });
  }

  async pins(path: string, model: string): Promise<Row[]> {
    return (await this.get<{ rows: Row[] }>('pins', { path, model })).rows;
  }

  /** What is deployed under the protected aliases of a model; empty where nothing is. */
  async deployed(path: string, model: string): Promise<Deployed[]> {
    return (await this.get<{ deployed: Deployed[] }>('production', { path, model })).deployed;
  }

  version(path: string, ref: string): Promise<Version> {
    return this.get<Version>('version', { path, ref });
  }

  /** The row of a version alone, for cards. */
  async row(path: string, ref: string): Promise<Row> {
    return (await this.get<{ row: Row }>('version', { path, ref, brief: true })).row;
  }

  async cells(path: string, ref: string): Promise<CellRow[]> {
    return (await this.get<{ cells: CellRow[] }>('cells', { path, ref })).cells;
  }

  output(path: string, ref: string, cell: number | string, at: number): Promise<StoredOutput> {
    return this.get<StoredOutput>('output', { path, ref, cell, at });
  }

  /** Without `newer`: what changed in `older` against the version before it. */
  diff(path: string, older: string, newer?: string, what?: string): Promise<Compared> {
    return this.get<Compared>('diff', { path, old: older, new: newer, what });
  }

  /** The text of an attachment or of a file that was read. */
  async file(path: string, ref: string, name: string): Promise<string> {
    return (await this.get<{ text: string }>('file', { path, ref, name })).text;
  }

  async containing(path: string, source: string, cellId = ''): Promise<Row[]> {
    const body = { path, source, cell_id: cellId };
    return (await this.post<{ rows: Row[] }>('containing', body)).rows;
  }

  /** Run a verb in the server. `task` is an id of the caller's, to follow and to stop it by. */
  verb(
    path: string,
    name: string,
    args: string[] = [],
    options: JsonObject = {},
    task = ''
  ): Promise<VerbAnswer> {
    const body = { path, args, options, ...(task === '' ? {} : { task }) };
    return this.post<VerbAnswer>(`verbs/${encodeURIComponent(name)}`, body);
  }

  /** Stop a verb between its steps. */
  async cancel(task: string): Promise<void> {
    await this.post<JsonObject>('cancel', { task });
  }

  private async get<T>(route: string, params: Params, signal?: AbortSignal): Promise<T> {
    const response = await this.send(route, params, { method: 'GET', signal });
    return (await response.json()) as T;
  }

  private async post<T>(route: string, body: JsonObject): Promise<T> {
    const response = await this.send(route, {}, { method: 'POST', body: JSON.stringify(body) });
    return (await response.json()) as T;
  }

  private async send(route: string, params: Params, init: RequestInit): Promise<Response> {
    const given = Object.entries(params).filter(
      (entry): entry is [string, string | number | boolean] => entry[1] !== undefined
    );
    const query = new URLSearchParams(given.map(([name, value]) => [name, asWord(value)]));
    const tail = given.length > 0 ? `?${query.toString()}` : '';
    let response: Response;
    try {
      response = await this.reach.ask(route + tail, init);
    } catch (error) {
      if (init.signal?.aborted) {
        throw error;
      }
      throw new ApiError('unreachable', `${this.reach.who} does not answer.`, 0);
    }
    if (!response.ok) {
      throw await refusal(response, this.reach.who);
    }
    return response;
  }
}

function asWord(value: string | number | boolean): string {
  return value === true ? '1' : value === false ? '0' : String(value);
}

/** What an answer that is no success says. */
export async function refusal(response: Response, who: string): Promise<ApiError> {
  const value = parsed(await response.text());
  if (value === null || typeof value.kind !== 'string') {
    // Jupyter's own 404 has a "message" too, but no kind: nobody serves our routes.
    return response.status === 404
      ? new ApiError('server-missing', `${who} does not serve snapbook.`, 404)
      : new ApiError('server', `${who} answered ${response.status}.`, response.status);
  }
  return refused(value, value.kind, response.status);
}

function refused(value: JsonObject, kind: string, status: number): ApiError {
  return new ApiError(
    kind,
    textOf(value.message) || textOf(value.what) || kind,
    status,
    hintOf(value.hint),
    [textOf(value.act), textOf(value.typed)].filter(Boolean).join(': ')
  );
}

/** An error that came inside an answer, such as the trouble of a place. */
export function errorOf(value: JsonObject, status: number): ApiError {
  const kind = textOf(value.kind) || 'server';
  return refused(value, kind, status);
}

function parsed(text: string): JsonObject | null {
  try {
    const value: Json = JSON.parse(text) as Json;
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** A hint as the wire has it; null for anything else. */
export function hintOf(value: Json | undefined): Hint | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return null;
  }
  const { verb, args } = value;
  return typeof verb === 'string'
    ? { verb, args: Array.isArray(args) ? args.map(arg => String(arg)) : [] }
    : null;
}
