// @vitest-environment jsdom
import './browser';

import { act } from 'react';
import * as React from 'react';
import { createRoot, Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Folds } from '../../src/common/folds';
import { AGAIN_MS, Production, type Act, type Desk } from '../../src/production/model';
import type { Deployed } from '../../src/production/types';
import { ProductionView } from '../../src/production/view';
import {
  drillText,
  figureText,
  metricText,
  nextText,
  outcomeText,
  stepText,
  takenBack,
  takenBackText
} from '../../src/production/words';
import { deployed, held, rollout, takenBackBy } from './deployed';
import { trans } from './sample';

describe('figures', () => {
  it('have the unit of their metric, and are never made up', () => {
    expect(figureText('p99', 44.04)).toBe('44 ms');
    expect(figureText('p50', 3.456)).toBe('3.46 ms');
    expect(figureText('error_rate', 0.001)).toBe('0.1 %');
    expect(figureText('accuracy', 0.9561)).toBe('95.6 %');
    expect(figureText('drift', 0.2)).toBe('0.2');
    expect(figureText('drift', 0.0004)).toBe('4.0e-4');
    expect(figureText('drift', 0)).toBe('0');
    expect(figureText('error_rate', null)).toBe('–');
  });

  it('are called by what they measure', () => {
    expect(metricText(held({ metric: 'error_rate', text: 'error_rate > 1%' }), trans)).toBe('errors');
    expect(metricText(held({ metric: 'drift', text: 'drift > 0.2 in price' }), trans)).toBe(
      'drift in price'
    );
  });

  it('tell what comes next, and when', () => {
    expect(nextText(rollout(), 0, trans)).toBe('next in 6 min');
    expect(nextText(rollout(), 330, trans)).toBe('next in 30 s');
    expect(nextText(rollout(), 400, trans)).toBe('next is due');
    expect(nextText(rollout({ state: 'paused' }), 0, trans)).toBe('paused');
    expect(nextText(rollout({ next_s: null }), 0, trans)).toBe('');
    expect(stepText(rollout(), 0, trans)).toBe('25 percent, step 2 of 4, next in 6 min');
  });

  it('tell of outcomes no more than is known', () => {
    const ab = {
      metric: 'accuracy',
      stable: { labels: 120, value: 0.9 },
      candidate: { labels: 1, value: null },
      difference: null,
      p: null,
      significant: null,
      why: '1 of 30 labels'
    };
    expect(outcomeText(ab, trans)).toBe('Outcomes: n/a: 1 of 30 labels');
    const known = { ...ab, candidate: { labels: 1, value: 0.95 }, p: 0.01, significant: true };
    expect(outcomeText({ ...known, why: 'better, and that is hardly chance' }, trans)).toBe(
      'accuracy: stable 90 % (120 labels), candidate 95 % (1 label); better, and that is hardly chance'
    );
  });

  it('say of a rehearsal how long it took, or why it was none', () => {
    const drill = { time: '', seconds: 0.00123, to: 'churn:1.4.0', fronts: 1, why: '' };
    expect(drillText(drill, trans)).toBe('The way back to 1.4.0 was rehearsed: 1.23 ms');
    expect(drillText({ ...drill, seconds: null, why: 'it is gone' }, trans)).toBe(
      'The way back to 1.4.0 was not rehearsed: it is gone'
    );
  });

  it('say what a rule took back, and nothing of what people did', () => {
    const now = Date.parse('2026-11-22T20:00:00Z');
    const told = takenBackBy('drift 0.24 > 0.20 in price');
    const found = takenBack(told) ?? rollout();
    expect(takenBackText(found, now, trans)).toMatch(
      /^Rolled back to 1\.4\.0 by itself at .*: drift 0\.24 > 0\.20 in price\.$/
    );
    expect(takenBack(deployed())).toBeNull();
    const people = { ...told, rollout: rollout({ state: 'aborted', itself: false }) };
    expect(takenBack(people)).toBeNull();
  });
});

/** A desk of plain functions; `told` may be changed between looks. */
class Plain implements Desk {
  looks = 0;
  acts: string[] = [];
  down = false;
  constructor(public told: Deployed[]) {}

  async deployed(): Promise<Deployed[]> {
    this.looks += 1;
    if (this.down) {
      throw new Error('nobody answers');
    }
    return this.told;
  }

  async act(_: string, { verb, options }: Act, { model, alias }: Deployed): Promise<string> {
    this.acts.push(`${verb} ${model} ${alias} ${JSON.stringify(options)}`);
    if (this.down) {
      throw { kind: 'refused', message: 'Not yours.', status: 403 };
    }
    return 'Production is 1.4.0: alias moved, 1 of 1 servers switched, 0.2 s.';
  }
}

describe('what is deployed', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is asked again only while somebody looks at what moves', async () => {
    const desk = new Plain([deployed()]);
    let seen = true;
    const production = new Production(desk, () => seen);
    await production.read('a.ipynb', 'churn');
    await vi.advanceTimersByTimeAsync(10 * AGAIN_MS);
    expect(desk.looks).toBe(1);
    const leave = production.watch();
    await vi.advanceTimersByTimeAsync(2 * AGAIN_MS + 1);
    expect(desk.looks).toBe(3);
    seen = false;
    await vi.advanceTimersByTimeAsync(10 * AGAIN_MS);
    expect(desk.looks).toBe(3);
    seen = true;
    production.arm();
    await vi.advanceTimersByTimeAsync(AGAIN_MS + 1);
    expect(desk.looks).toBe(4);
    // It came to its end: nothing moves any more.
    desk.told = [deployed({ rollout: rollout({ state: 'done' }) })];
    await vi.advanceTimersByTimeAsync(10 * AGAIN_MS);
    expect(desk.looks).toBe(5);
    leave();
    desk.told = [deployed()];
    await production.read('a.ipynb', 'churn');
    await vi.advanceTimersByTimeAsync(10 * AGAIN_MS);
    expect(desk.looks).toBe(6);
    production.dispose();
  });

  it('stays with the time it was told, where nobody answers', async () => {
    const desk = new Plain([deployed()]);
    const production = new Production(desk, () => true);
    await production.read('', 'churn');
    desk.down = true;
    await production.read('', 'churn');
    expect([production.told.length, production.late]).toEqual([1, true]);
    desk.down = false;
    await production.read('', 'churn');
    expect(production.late).toBe(false);
    // Of another model nothing of it is shown.
    desk.down = true;
    await production.read('', 'price');
    expect([production.told.length, production.late]).toEqual([0, false]);
  });

  it('is read again after each act, done or not; one at a time', async () => {
    const desk = new Plain([deployed()]);
    const production = new Production(desk, () => true);
    await production.read('', 'churn');
    const pause: Act = { verb: 'pause', options: {} };
    await Promise.all([production.act('production', pause), production.act('production', pause)]);
    expect([desk.acts, desk.looks]).toEqual([['pause churn production {}'], 2]);
    expect(production.done).toContain('Production is 1.4.0');
    desk.down = true;
    await production.act('production', pause);
    expect([production.failure?.message, production.done, production.busy]).toEqual(['Not yours.', '', '']);
  });

  it('says nothing of an act where another model is looked at by then', async () => {
    const desk = new Plain([deployed()]);
    const production = new Production(desk, () => true);
    await production.read('', 'churn');
    const acting = production.act('production', { verb: 'pause', options: {} });
    await production.read('', 'price');
    await acting;
    expect([production.done, production.busy]).toEqual(['', '']);
  });
});

describe('the section', () => {
  let host: HTMLDivElement;
  let root: Root;
  let folds: Folds;
  let desk: Plain;
  let production: Production;

  beforeEach(() => {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
    // As browsers of today have it: it gives a promise.
    Object.assign(Element.prototype, { scrollIntoView: () => Promise.resolve() });
    host = document.createElement('div');
    document.body.append(host);
    root = createRoot(host);
    folds = new Folds(null);
  });

  afterEach(() => {
    act(() => root.unmount());
    production.dispose();
    host.remove();
  });

  async function show(told: Deployed[], verbs = ['pause', 'resume', 'rollback']): Promise<void> {
    desk = new Plain(told);
    production = new Production(desk, () => true);
    const draw = (): void =>
      root.render(
        <ProductionView
          production={production}
          folds={folds}
          now={production.at}
          can={verb => verbs.includes(verb)}
          trans={trans}
          onOpen={() => undefined}
        />
      );
    production.changed.connect(() => act(draw));
    folds.changed.connect(() => act(draw));
    await act(() => production.read('', 'churn'));
  }

  const named = (name: string): HTMLButtonElement | undefined =>
    [...host.querySelectorAll('button')].find(({ textContent }) => textContent === name);
  const one = <E extends Element>(selector: string): E => {
    const found = host.querySelector<E>(selector);
    if (found === null) {
      throw new Error(`there is no ${selector}`);
    }
    return found;
  };
  const press = (name: string): Promise<void> => act(async () => named(name)?.click());

  it('is not there where nothing is deployed', async () => {
    await show([]);
    expect(host.childElementCount).toBe(0);
  });

  it('says where it stands in words, and why a figure is not known', async () => {
    await show([deployed()]);
    expect(host.querySelector('[role=status]')?.textContent).toBe(
      'Canary churn:1.5.0 at 25 %, step 2 of 4'
    );
    const bar = one('[role=progressbar]');
    expect(bar.getAttribute('aria-valuenow')).toBe('25');
    expect(bar.getAttribute('aria-valuetext')).toBe('25 percent, step 2 of 4, next in 6 min');
    const lines = [...host.querySelectorAll('tbody tr')].map(line =>
      [...line.children].map(cell => cell.textContent)
    );
    expect(lines).toEqual([
      ['p99', '41 ms', '44 ms', '82 ms'],
      ['accuracy', 'n/a: 12 of 200 labels', '< stable - 2%'],
      ['drift in price', '–', '0.06', '0.2']
    ]);
  });

  it('takes back by the keyboard: named, asked, and Escape leaves', async () => {
    await show([deployed()]);
    await press('Roll back to 1.4.0');
    const sure = named('Roll back to 1.4.0 now');
    expect(document.activeElement).toBe(sure);
    expect(host.querySelector('[role=dialog]')?.textContent).toContain(
      '1.5.0 is taken back: 1.4.0 answers every request at once.'
    );
    await act(async () => {
      sure?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    });
    expect(host.querySelector('[role=dialog]')).toBeNull();
    expect(document.activeElement).toBe(named('Roll back to 1.4.0'));
    expect(desk.acts).toEqual([]);
    await press('Roll back to 1.4.0');
    await press('Roll back to 1.4.0 now');
    expect(desk.acts).toEqual(['rollback churn production {}']);
    expect(host.textContent).toContain('1 of 1 servers switched');
  });

  it('offers what fits, and only verbs that there are', async () => {
    const names = (): string[] =>
      [...host.querySelectorAll('.jp-snapbook-Production-acts button')].map(
        ({ textContent }) => textContent ?? ''
      );
    await show([deployed()]);
    expect(names()).toEqual(['Pause', 'Next step now']);
    desk.told = [deployed({ rollout: rollout({ state: 'paused' }) })];
    await act(() => production.read('', 'churn'));
    expect(names()).toEqual(['Resume', 'Next step now']);
    await press('Next step now');
    expect(desk.acts).toEqual(['resume churn production {"next":true}']);
    // Of two sides of a comparison none is next: the candidate would take the place.
    desk.told = [
      deployed({ rollout: rollout({ mode: 'ab', steps: [50], step: 1, of: 1, next_s: null }) })
    ];
    await act(() => production.read('', 'churn'));
    expect(names()).toEqual(['1.5.0 to production now']);
    expect(host.querySelector('[role=progressbar]')).toBeNull();
  });

  it('offers nothing to who may nothing', async () => {
    await show([deployed()], []);
    expect(host.querySelectorAll('.jp-snapbook-Button')).toHaveLength(0);
    desk.told = [deployed({ may: false })];
    await act(() => production.read('', 'churn'));
    expect(host.querySelectorAll('.jp-snapbook-Button')).toHaveLength(0);
  });

  it('tells of a version that a rule took back until that is put away', async () => {
    await show([takenBackBy('drift 0.24 > 0.20 in price')]);
    expect(host.querySelector('[role=alert]')?.textContent).toContain('drift 0.24 > 0.20 in price.');
    await press('Evidence');
    expect(named('Evidence')?.getAttribute('aria-expanded')).toBe('true');
    expect(host.textContent).toContain('1.5.0 was taken back at step 2 of 4, with 25 percent');
    expect(host.textContent).toContain('e'.repeat(64));
    await press('Dismiss');
    expect(host.querySelector('[role=alert]')).toBeNull();
    // The next one is another.
    const next = takenBackBy('errors 3 % > 1 %');
    desk.told = [{ ...next, rollout: rollout({ ...next.rollout, n: 13 }) }];
    await act(() => production.read('', 'churn'));
    expect(host.querySelector('[role=alert]')?.textContent).toContain('errors 3 %');
  });

  it('finds what was live at a moment', async () => {
    await show([deployed({ rollout: null })]);
    await act(async () => one<HTMLElement>('h2 button').click());
    await act(async () =>
      [...host.querySelectorAll('button')]
        .find(({ textContent }) => textContent?.endsWith('What was live'))
        ?.click()
    );
    const lines = (): number => host.querySelectorAll('ol li').length;
    expect(lines()).toBe(2);
    const field = one<HTMLInputElement>('input');
    const set = async (value: string): Promise<void> =>
      act(async () => {
        const own = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
        own?.set?.call(field, value);
        field.dispatchEvent(new Event('input', { bubbles: true }));
      });
    await set('2026-10-20T12:00');
    expect([lines(), host.querySelector('ol')?.textContent?.startsWith('1.3.0')]).toEqual([1, true]);
    await set('2020-01-01T12:00');
    expect(host.querySelector('ol')?.textContent).toBe('Nothing was live then.');
  });
});
