// @vitest-environment jsdom
import './browser';

import * as React from 'react';
import { createRoot, Root } from 'react-dom/client';
import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Card } from '../../src/card/card';
import { Folds } from '../../src/common/folds';
import { DiffModel } from '../../src/diff/model';
import { DiffView } from '../../src/diff/view';
import { Lineage } from '../../src/lineage/picture';
import { PageModel } from '../../src/page/model';
import { framed, Output } from '../../src/page/output';
import { PageView } from '../../src/page/page';
import { RestoreView } from '../../src/restore/body-view';
import { usual } from '../../src/restore/choice';
import { ReviewPage } from '../../src/review/page';
import { ReviewPlace } from '../../src/review/place';
import type { Review } from '../../src/review/types';
import { Production } from '../../src/production/model';
import { ProductionView } from '../../src/production/view';
import type { CellRow, Json, StoredOutput } from '../../src/types';
import { deployed, rollout, takenBackBy } from './deployed';
import { actions, change, compared, ROW, source, trans, version } from './sample';

const HOSTILE = [
  '<img src=x onerror="window.pwned=1">',
  '</pre><script>window.pwned=2</script>',
  'javascript:window.pwned=3',
  '\u202egnp.exe\u0000\u001b[31m',
  'x'.repeat(100_000),
  '{{constructor.constructor("window.pwned=4")()}}'
];

let host: HTMLDivElement;
let root: Root;

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  host = document.createElement('div');
  document.body.append(host);
  root = createRoot(host);
});

afterEach(() => {
  act(() => root.unmount());
  host.remove();
});

async function show(element: React.ReactElement): Promise<void> {
  await act(async () => {
    root.render(element);
  });
}

/** Replace every text of a value by a hostile one; names of fields stay, unless they are data. */
function poisoned<T>(value: T, text: string, keep: readonly string[]): T {
  const walk = (item: unknown, key: string): unknown => {
    if (typeof item === 'string') {
      return keep.includes(key) ? item : text;
    }
    if (Array.isArray(item)) {
      return item.map(inner => walk(inner, key));
    }
    if (item !== null && typeof item === 'object') {
      return Object.fromEntries(
        Object.entries(item).map(([name, inner]) => [
          ['params', 'tags', 'metrics', 'structure', 'imported'].includes(key) ? text : name,
          walk(inner, name)
        ])
      );
    }
    return item;
  };
  return walk(value, '') as T;
}

const FORGING = /[\u202a-\u202e\u2066-\u2069\u0000\u001b]/;

function isClean(): void {
  expect(host.querySelectorAll('script, img, object, embed, base, link, form')).toHaveLength(0);
  for (const element of host.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      expect(name.startsWith('on'), name).toBe(false);
      expect(['href', 'src', 'action', 'formaction', 'style'], name).not.toContain(name);
      // A field holds what was typed; the browser shows it in its own box.
      expect(name === 'value' || !FORGING.test(value), `${name}="${value.slice(0, 60)}"`).toBe(true);
    }
  }
  expect((window as { pwned?: unknown }).pwned).toBeUndefined();
  expect(FORGING.test(host.textContent ?? '')).toBe(false);
}

const OPEN = new Folds(null);
OPEN.isOpen = () => true;

describe.each(HOSTILE)('hostile text %#', text => {
  it('is text on the version page', async () => {
    const value = poisoned(version(), text, ['kind', 'id', 'time', 'provenance']);
    const cell: CellRow = { id: text, number: 3, source: text, made: true, outputs: [] };
    const model = new PageModel(
      source({
        version: () => Promise.resolve(value),
        cells: () => Promise.resolve([cell, { ...cell, made: false, outcome: text }])
      }),
      text,
      'churn'
    );
    await model.load();
    const props = { id: 'p', model, folds: OPEN, trans, actions: actions() };
    await show(<PageView {...props} />);
    expect(host.querySelector('h1')).not.toBeNull();
    // Unfold everything that folds by itself.
    for (const button of host.querySelectorAll<HTMLElement>('.jp-snapbook-Disclosure > button')) {
      act(() => button.click());
    }
    isClean();
  });

  it('is text in the diff tab, inline and side by side', async () => {
    const sections = ['code', 'params', 'metrics', 'data', 'model', 'environment', 'files', 'other'];
    const changes = sections.map(section =>
      change(section, text, {
        old: text as Json,
        new: { [text]: text },
        lines: [`- ${text}`, `+ ${text}!`, text],
        facts: section === 'data' ? { kind: 'shift', distance: 2 } : {}
      })
    );
    const value = compared(changes, { old: text, new: text, apart: text, echo: text, same: { [text]: 2 } });
    const model = new DiffModel(source({ diff: () => Promise.resolve(value) }), text, 'a', 'b', undefined);
    await model.load();
    const view = (): React.ReactElement => (
      <DiffView
        id="d"
        model={model}
        folds={OPEN}
        trans={trans}
        actions={actions()}
        stopping={{ current: null }}
      />
    );
    await show(view());
    isClean();
    model.setSideBySide(true);
    await show(view());
    isClean();
  });

  it('is text in the lineage, the card and the restore dialog', async () => {
    const graph = poisoned(version().graph, text, ['kind', 'id', 'edges']);
    const row = poisoned(ROW, text, ['time', 'provenance', 'manifest']);
    const none = (): void => undefined;
    const acts = { open: none, diff: none, restore: none, note: none, notThis: none };
    const preview = {
      ref: text,
      bound: [[text, text]] as [string, string][],
      replaced: [[text, '']] as [string, string][],
      files: [text],
      warnings: [text],
      echo: text,
      preview: true,
      undone: false
    };
    const before = { preview, next: text, cells: { count: 2, newNotebook: text, here: text, unsaved: true } };
    await show(
      <>
        <Lineage graph={graph} trans={trans} onOpen={none} />
        <Card reference={text} text={text} state={{ state: 'here', row }} acts={acts} trans={trans} />
        <RestoreView before={before} choice={usual(before)} trans={trans} onChoose={none} />
      </>
    );
    isClean();
  });
});

describe.each(HOSTILE)('hostile text %#', text => {
  it('is text in a review', async () => {
    const row = poisoned(ROW, text, ['time', 'provenance', 'manifest']);
    const other = { ...row, n: row.n + 1, manifest: 'another' };
    const review: Review = {
      model: text,
      alias: text,
      live: row,
      candidate: other,
      changes: [text],
      judged: [{ verdict: { name: text, passed: false, reason: text, facts: {} }, refuses: true }],
      said: [{ word: 'approve', author: text, time: text, text, counts: text, signed: true }],
      needed: 1,
      missing: [text],
      history: [
        { ref: text, manifest: 'before', since: text, until: text, author: text, way: text, text }
      ],
      policy: 1,
      benchmarks: { [text]: row },
      may: { request: true, approve: true, reject: true, promote: true, rollback: true, why: text }
    };
    const desk = {
      review: () => Promise.resolve({ review, rows: [row, other] }),
      act: () => Promise.reject({ kind: 'refused', message: text, status: 403 })
    };
    const place = new ReviewPlace(
      { at: () => desk, registries: async () => [text], shared: async () => [text] },
      text,
      text
    );
    await place.load();
    await place.shown.act('approve', text);
    await show(<ReviewPage place={place} trans={trans} actions={actions()} />);
    expect(host.querySelector('h1')).not.toBeNull();
    isClean();
  });
});

describe.each(HOSTILE)('hostile text %#', text => {
  it('is text in what is deployed', async () => {
    const keep = ['state', 'verb'];
    const ab = {
      metric: text,
      stable: { labels: 1, value: 0 },
      candidate: { labels: 1, value: 0 },
      difference: null,
      p: null,
      significant: null,
      why: text
    };
    const drill = { time: text, seconds: null, to: text, fronts: 1, why: text };
    const under = { ...deployed({ ab, drill }), rollout: rollout({ waits: text }) };
    const told = [under, { ...takenBackBy(text), alias: 'staging' }].map(one =>
      poisoned(one, text, keep)
    );
    told[1].alias = `${text}2`;
    const desk = {
      deployed: () => Promise.resolve(told),
      act: () => Promise.reject({ kind: 'refused', message: text, status: 403 })
    };
    const production = new Production(desk, () => false);
    await production.read('', 'churn');
    await production.act(text, { verb: 'pause', options: {} });
    const view = (
      <ProductionView
        production={production}
        folds={OPEN}
        now={production.at}
        can={() => true}
        trans={trans}
        onOpen={() => undefined}
      />
    );
    await show(view);
    for (const button of host.querySelectorAll<HTMLElement>('[aria-expanded=false]')) {
      act(() => button.click());
    }
    expect(host.querySelector('[role=alert]')).not.toBeNull();
    isClean();
    production.dispose();
  });
});

describe('outputs', () => {
  const one = (mime: string, data: string): StoredOutput => ({ mime, data });

  it.each(['text/html', 'image/svg+xml'])('%s runs nothing: a frame without scripts', async mime => {
    await show(<Output output={one(mime, '<script>parent.pwned=5</script>')} trans={trans} />);
    const frame = host.querySelector('iframe');
    expect(frame?.getAttribute('sandbox')).toBe('');
    expect(frame?.getAttribute('src')).toBeNull();
    expect(frame?.getAttribute('srcdoc')).toContain("default-src 'none'");
    isClean();
  });

  it('puts its policy before anything that the output says', () => {
    const text = framed('<meta http-equiv="Content-Security-Policy" content="default-src *">');
    expect(text.indexOf("default-src 'none'")).toBeLessThan(text.indexOf('default-src *'));
  });

  it.each(['application/javascript', 'text/markdown', 'text/latex', 'weird'])(
    '%s is text',
    async mime => {
      await show(<Output output={one(mime, '<img src=x onerror=1>')} trans={trans} />);
      expect(host.querySelector('pre')?.textContent).toBe('<img src=x onerror=1>');
      isClean();
    }
  );

  it('shows images from their bytes only', async () => {
    await show(<Output output={one('image/png', 'aGk=" onerror="x')} trans={trans} />);
    const image = host.querySelector('img');
    expect(image?.getAttribute('src')?.startsWith('data:image/png;base64,')).toBe(true);
    expect(image?.getAttribute('onerror')).toBeNull();
  });
});
