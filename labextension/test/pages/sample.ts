/** Plain values for the tests of pages: a translator that only fills in, versions, changes. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Source } from '../../src/common/source';
import type { PageActions } from '../../src/tokens';
import type { Change, Compared, Row, Version } from '../../src/types';

const fill = (text: string, args: unknown[]): string =>
  text.replace(/%(\d)/g, (_, place: string) => String(args[Number(place) - 1]));

export const trans = {
  __: (text: string, ...args: unknown[]) => fill(text, args),
  _n: (one: string, many: string, n: number, ...args: unknown[]) =>
    fill(n === 1 ? one : many, [n, ...args])
} as unknown as TranslationBundle;

export const ROW: Row = {
  n: 2,
  model: 'churn',
  number: [0, 2, 0],
  manifest: 'ab'.repeat(32),
  key: '',
  texts: '',
  parents: [],
  time: '2026-11-22T00:45:02.414286Z',
  author: 'the author',
  bump: 'minor',
  reason: 'max_depth 2 -> 8',
  message: '',
  class_name: 'RandomForestClassifier',
  main: 'accuracy',
  auto: false,
  signed: true,
  deleted: false,
  damage: '',
  metrics: { accuracy: { value: 0.95, direction: 'max' }, loss: { value: 2, direction: 'min' } },
  params: {},
  tags: { exp: '' },
  aliases: ['staging'],
  shared: [],
  ref: 'churn:0.2.0',
  previous: { ref: 'churn:0.1.0', value: 0.96 },
  delta: -0.01,
  better: false,
  mine: true,
  provenance: 'this',
  notebook: 'train.ipynb',
  pushed: null,
  reproduced: null
};

export function version(more: Partial<Version> = {}): Version {
  return {
    version: ROW,
    manifest: {
      parts: [],
      author: { key: '', name: 'the author' },
      message: '',
      parents: [],
      time: ROW.time,
      extra: {}
    },
    parts: [
      {
        kind: 'model',
        name: 'model',
        facts: {
          class_name: 'RandomForestClassifier',
          params: { max_depth: 8, n_jobs: null },
          set_params: ['max_depth'],
          structure: { trees: 10, steps: { rf: { nodes: 3 } } },
          executes: true
        },
        blobs: []
      },
      {
        kind: 'frame',
        name: 'X_train',
        facts: {
          shape: [426, 2],
          role: 'train',
          stored: true,
          digest: 'cd'.repeat(32),
          type: 'pandas.DataFrame',
          columns: [
            {
              name: 'age',
              dtype: 'float64',
              profile: { kind: 'numeric', nulls: 0.1, mean: 5, quantiles: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }
            },
            {
              name: 'region',
              dtype: 'category',
              profile: { kind: 'categories', distinct: 2, nulls: 0, top: [['north', 0.75], ['south', 0.25]] }
            }
          ]
        },
        blobs: []
      }
    ],
    notes: [],
    echo: '',
    mine: true,
    row: ROW,
    events: [{ n: 2, time: ROW.time, author: 'the author', kind: 'made', text: '' }],
    graph: {
      nodes: [
        { id: 'f', kind: 'file', label: 'churn.csv', detail: '', section: 'files' },
        { id: 'm', kind: 'model', label: 'model', detail: '', section: 'model' }
      ],
      edges: [['f', 'm']]
    },
    summary: { set_params: {}, changed: ['max_depth 2 -> 8'] },
    ...more
  };
}

export function change(section: string, name: string, more: Partial<Change> = {}): Change {
  return {
    section,
    name,
    what: 'changed',
    old: null,
    new: null,
    lines: [],
    better: null,
    facts: {},
    ...more
  };
}

export function compared(changes: Change[], more: Partial<Compared> = {}): Compared {
  return {
    old: 'churn:0.1.0',
    new: 'churn:0.2.0',
    apart: '2 minutes apart',
    changes,
    same: { cell: 4, environment: 1 },
    echo: '',
    ...more
  };
}

/** A source that answers nothing but what is given. */
export function source(given: Partial<Source>): Source {
  const no = (): Promise<never> => Promise.reject(new Error('not asked for in this test'));
  return {
    version: no,
    versions: () => Promise.resolve({ rows: [ROW], after: null, models: [], note: '', head: 2 }),
    pins: no,
    cells: no,
    output: no,
    diff: no,
    file: no,
    ...given
  };
}

export function actions(done: unknown[][] = []): PageActions {
  const note =
    (name: string) =>
    (...args: unknown[]): void => {
      done.push([name, ...args]);
    };
  return {
    openVersion: note('openVersion'),
    openDiff: note('openDiff'),
    restore: note('restore'),
    tag: note('tag'),
    note: note('note'),
    remove: note('remove'),
    exportVersion: note('exportVersion'),
    openFile: note('openFile'),
    copy: note('copy'),
    backToRow: note('backToRow')
  };
}
