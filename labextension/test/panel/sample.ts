/** A server of plain functions that answers from a list of versions, as the real one does. */
import type { Client } from '../../src/client';
import { ApiError } from '../../src/client';
import type { Page, Place, Query, Row } from '../../src/types';
import { ROW } from '../pages/sample';

export { trans } from '../pages/sample';

/** Version `n` of a model, an hour after the one before. */
export function row(n: number, more: Partial<Row> = {}): Row {
  const model = more.model ?? 'churn';
  return {
    ...ROW,
    n,
    model,
    number: [0, n, 0],
    ref: `${model}:0.${n}.0`,
    time: new Date(Date.UTC(2026, 0, 1) + n * 3600_000).toISOString(),
    tags: {},
    aliases: [],
    shared: [],
    previous: null,
    ...more
  };
}

/** Newest first, as lists are. */
export function rows(count: number, more: Partial<Row> = {}): Row[] {
  return Array.from({ length: count }, (_, i) => row(count - i, more));
}

export const PLACE: Place = {
  exists: true,
  id: 'here',
  project: 'demo',
  folder: '',
  display: 'demo/.snapbook',
  why: '',
  yours: true,
  head: 0,
  models: ['churn'],
  versions: 0,
  bytes: 0,
  budget_bytes: 0,
  damaged: [],
  mentions: [],
  settings: {}
};

/** What a test may change while the model looks at it. */
export class Server {
  versions: Row[];
  place: Partial<Place> = {};
  down = false;
  asked: string[] = [];
  /** Resolves requests of versions; a test may hold them back. */
  gate: Promise<void> = Promise.resolve();

  constructor(versions: Row[]) {
    this.versions = versions;
  }

  get client(): Client {
    const answer = <T>(name: string, value: () => T): Promise<T> => {
      this.asked.push(name);
      return this.down
        ? Promise.reject(new ApiError('unreachable', 'The Jupyter server does not answer.', 0))
        : Promise.resolve(value());
    };
    const client: Partial<Client> = {
      about: () =>
        answer('about', () => ({
          version: '0.1.0',
          api: 1,
          project_root: 'demo',
          user: '',
          host: 'here',
          verbs: []
        })),
      place: () =>
        answer('place', () => ({
          ...PLACE,
          models: [...new Set(this.versions.map(({ model }) => model))],
          versions: this.versions.length,
          head: this.versions[0]?.n ?? 0,
          ...this.place
        })),
      versions: async (query: Query, signal?: AbortSignal) => {
        await this.gate;
        signal?.throwIfAborted();
        const name = ['versions', query.order, query.after].filter(Boolean).join(' ');
        return answer(name, () => this.page(query));
      },
      count: (query: Query) => answer('count', () => this.matching(query).length),
      pins: () => answer('pins', () => []),
      deployed: () => answer('production', () => []),
      series: () => answer('series', () => ({ metric: 'accuracy', direction: 'max', points: [] }))
    };
    return client as Client;
  }

  private matching({ model, text }: Query): Row[] {
    return this.versions.filter(
      found =>
        (model === undefined || found.model === model) &&
        (text === undefined || found.message.includes(text))
    );
  }

  private page(query: Query): Page {
    const oldest = query.order === 'oldest';
    const after = query.after === undefined ? (oldest ? -1 : Infinity) : Number(query.after);
    const all = this.matching(query);
    const left = (oldest ? all.reverse() : all).filter(({ n }) => (oldest ? n > after : n < after));
    const found = left.slice(0, query.limit);
    return {
      rows: found,
      after: left.length > found.length ? String(found[found.length - 1].n) : null,
      models: [...new Set(this.versions.map(({ model }) => model))],
      note: found.length === 0 ? 'Nothing matches.' : '',
      head: this.versions[0]?.n ?? 0
    };
  }
}

/** Until everything that was begun has answered. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await Promise.resolve();
  }
  await new Promise(done => setTimeout(done, 0));
}
