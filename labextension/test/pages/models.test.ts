// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';

import { Known } from '../../src/card/known';
import { Folds } from '../../src/common/folds';
import { failure } from '../../src/common/source';
import { DiffModel, suggested } from '../../src/diff/model';
import { PageModel } from '../../src/page/model';
import { buttonLabel, isEmpty, loses, usual } from '../../src/restore/choice';
import type { Compared, Restored } from '../../src/types';
import { change, compared, ROW, source, trans, version } from './sample';

interface Later<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
}
function later<T>(): Later<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>(done => (resolve = done));
  return { promise, resolve };
}

describe('the diff model', () => {
  it('drops an answer that came after it was cancelled', async () => {
    const answer = later<Compared>();
    const model = new DiffModel(source({ diff: () => answer.promise }), 'a', 'x', 'y', undefined);
    const loading = model.load();
    expect(model.cancel()).toBe(true);
    answer.resolve(compared([]));
    await loading;
    expect(model.compared).toBeNull();
    expect(model.cancel()).toBe(false);
  });

  it('shows the answer to the last question only', async () => {
    const answers = [later<Compared>(), later<Compared>()];
    let asked = 0;
    const model = new DiffModel(
      source({ diff: () => answers[asked++].promise }),
      'a',
      'x',
      'y',
      undefined
    );
    const first = model.load();
    const second = model.choose('churn:0.3.0', 'churn:0.4.0');
    answers[1].resolve(compared([], { old: 'churn:0.3.0', new: 'churn:0.4.0' }));
    answers[0].resolve(compared([], { old: 'x', new: 'y' }));
    await Promise.all([first, second]);
    expect([model.old, model.new]).toEqual(['churn:0.3.0', 'churn:0.4.0']);
  });

  it('asks the kernel where a side is now, in the order that is shown', async () => {
    const asked: string[][] = [];
    const live = (older: string, newer: string): Promise<Compared> => {
      asked.push([older, newer]);
      return Promise.resolve(compared([], { old: older, new: newer }));
    };
    const model = new DiffModel(source({}), 'a', 'churn:0.1.0', 'now', live);
    await model.load();
    await model.swap();
    expect(asked).toEqual([
      ['churn:0.1.0', 'now'],
      ['now', 'churn:0.1.0']
    ]);
  });

  it('goes round its stops', async () => {
    const value = compared([change('code', 'cell 1'), change('params', 'a')]);
    const model = new DiffModel(
      source({ diff: () => Promise.resolve(value) }),
      'a',
      'x',
      undefined,
      undefined
    );
    await model.load();
    const walked = [1, 1, 1, -1].map(by => {
      model.move(by as 1 | -1);
      return model.current;
    });
    expect(walked).toEqual([0, 1, 0, 1]);
  });

  it('keeps what is shown when asking again fails', async () => {
    let fail = false;
    const diff = (): Promise<Compared> =>
      fail ? Promise.reject({ kind: 'gone', message: 'no such version' }) : Promise.resolve(compared([]));
    const model = new DiffModel(source({ diff }), 'a', 'x', 'y', undefined);
    await model.load();
    fail = true;
    await model.load();
    expect(model.compared).not.toBeNull();
    expect(model.failure?.message).toBe('no such version');
  });

  it('offers the live session, aliases and versions', () => {
    expect(suggested([ROW], true)).toEqual(['now', 'churn@staging', 'churn:0.2.0']);
  });
});

describe('the page model', () => {
  it('tells the version first, then its cells and the one before', async () => {
    const asked: string[] = [];
    const model = new PageModel(
      source({
        version: (_, ref) => {
          asked.push(ref);
          return Promise.resolve(version());
        },
        cells: () => Promise.resolve([])
      }),
      'a',
      'churn'
    );
    await model.load();
    expect(asked).toEqual(['churn', 'churn:0.1.0']);
    expect([model.ref, model.cells]).toEqual(['churn:0.2.0', []]);
  });

  it('says a failure and recovers', async () => {
    let broken = true;
    const model = new PageModel(
      source({
        version: () => (broken ? Promise.reject(new Error('no answer')) : Promise.resolve(version())),
        cells: () => Promise.reject(new Error('no cells'))
      }),
      'a',
      'churn'
    );
    await model.load();
    expect(model.failure?.message).toBe('no answer');
    broken = false;
    await model.load();
    expect([model.failure, model.cellsFailure?.message]).toEqual([null, 'no cells']);
  });

  it('knows what comes before and after', async () => {
    const rows = [{ ...ROW, ref: 'churn:0.3.0', manifest: 'ff' }, ROW];
    const model = new PageModel(
      source({
        version: () => Promise.resolve(version()),
        cells: () => Promise.resolve([]),
        versions: () => Promise.resolve({ rows, after: null, models: [], note: '', head: 3 })
      }),
      'a',
      'churn'
    );
    await model.load();
    expect([model.older(), await model.newer()]).toEqual(['churn:0.1.0', 'churn:0.3.0']);
  });
});

describe('what cards know', () => {
  it('asks once a digest, four at a time, and again after a failure', async () => {
    let running = 0;
    let most = 0;
    let asked = 0;
    const known = new Known(async () => {
      const mine = ++asked;
      most = Math.max(most, ++running);
      await new Promise(done => setTimeout(done, 2));
      running--;
      if (mine === 1) {
        throw new Error('not yet');
      }
      return ROW;
    });
    const first = known.row('a', 'd0').catch(() => null);
    const rest = Array.from({ length: 30 }, (_, at) => known.row('a', `d${1 + (at % 10)}`));
    expect(await first).toBeNull();
    await Promise.all(rest);
    expect([asked, most]).toEqual([11, 4]);
    expect((await known.row('a', 'd0')).ref).toBe('churn:0.2.0');
  });
});

describe('folds', () => {
  it('remember, and bear a storage that is broken or holds nonsense', () => {
    const kept = new Map<string, string>([['snapbook:folds', '{"a": true, "b": 3}']]);
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value)
    };
    const folds = new Folds(storage);
    expect([folds.isOpen('a', false), folds.isOpen('b', false)]).toEqual([true, false]);
    folds.set('b', true);
    expect(new Folds(storage).isOpen('b', false)).toBe(true);
    const full = new Folds({
      getItem: () => '[',
      setItem: () => {
        throw new Error('full');
      }
    });
    full.set('a', true);
    expect(full.isOpen('a', false)).toBe(true);
  });
});

describe('a restore', () => {
  const preview: Restored = {
    ref: 'churn:0.1.0',
    bound: [['model', 'RandomForestClassifier']],
    replaced: [['model', '']],
    files: [],
    warnings: [],
    echo: '',
    preview: true,
    undone: false
  };

  it('keeps what would be lost, unless told otherwise', () => {
    const choice = usual({ preview });
    expect([choice.keep, loses({ preview }, choice)]).toEqual([true, false]);
    expect(loses({ preview }, { ...choice, keep: false })).toBe(true);
    expect(usual({ preview: { ...preview, replaced: [['model', 'churn:0.2.0']] } }).keep).toBe(false);
  });

  it('names its button by what it does', () => {
    const choice = usual({ preview });
    const label = (more: object): string => buttonLabel({ preview }, { ...choice, ...more }, trans);
    expect(label({})).toBe('Snapshot, then replace model');
    expect(label({ keep: false })).toBe('Replace model');
    expect(label({ data: true, cells: 'replace' })).toBe(
      'Snapshot, then replace model, data and cells'
    );
    expect(label({ data: true, cells: 'new' })).toBe('Snapshot, then replace model and data');
    expect(label({ model: false, cells: 'new' })).toBe('Restore cells');
    expect(label({ model: false, data: true, cells: 'replace' })).toBe('Restore data and cells');
    expect(isEmpty({ ...choice, model: false })).toBe(true);
  });
});

describe('a failure', () => {
  it('is one sentence, whatever was thrown', () => {
    expect(failure(new Error('no')).message).toBe('no');
    expect(failure('text').message).toBe('text');
    expect(failure(null).message).toBe('null');
    expect(failure({ kind: 'k', message: 'm', status: 404, hint: { verb: 'show', args: [] } })).toEqual({
      kind: 'k',
      message: 'm',
      status: 404,
      hint: { verb: 'show', args: [] }
    });
  });
});
