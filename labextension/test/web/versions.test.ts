import { describe, expect, it } from 'vitest';
import { ROW } from '../pages/sample';
import { Client } from '../../src/client';
import { VersionsModel } from '../../src/web/versions';

const row = (n: number) => ({
  ...ROW,
  n,
  ref: `churn:0.${n}.0`,
  previous: n > 1 ? { ref: `churn:0.${n - 1}.0`, value: null } : null
});
const ROWS = [row(3), row(2), row(1)];
const DESK = { deployed: async () => [], act: async () => '' };

async function listed(broken: string[] = []): Promise<{ model: VersionsModel; asked: string[] }> {
  const asked: string[] = [];
  const client = new Client({
    who: 'It',
    ask: async route => {
      asked.push(route);
      const name = route.split('?')[0];
      const value = name === 'versions' ? { rows: ROWS, after: null, note: '' } : { rows: [ROWS[2]] };
      return broken.includes(name)
        ? new Response('{}', { status: 503 })
        : new Response(JSON.stringify(value));
    }
  });
  const model = new VersionsModel(client, DESK, 'churn');
  await model.load();
  return { model, asked };
}

describe('the versions of a model', () => {
  it('are there without what stands beside them', async () => {
    const { model } = await listed(['pins', 'series']);
    expect(model.listing.rows.length).toBe(3);
    expect([model.pins, model.series]).toEqual([[], null]);
  });

  it('are compared by two marks, the older first, else with the one before', async () => {
    const { model } = await listed();
    expect(model.pair()).toBeNull();
    model.chosen.setActive('churn:0.2.0');
    expect(model.pair()).toEqual({ old: 'churn:0.1.0', now: 'churn:0.2.0' });
    model.chosen.toggleMark('churn:0.3.0');
    model.chosen.toggleMark('churn:0.1.0');
    expect(model.pair()).toEqual({ old: 'churn:0.1.0', now: 'churn:0.3.0' });
    model.chosen.toggleMark('churn:0.2.0');
    expect(model.chosen.marks).toEqual(['churn:0.1.0', 'churn:0.2.0']);
    model.chosen.clearMarks();
    model.chosen.setActive('churn:0.1.0');
    expect(model.pair()).toBeNull();
  });

  it('are searched by expressions and by words, in this model alone', async () => {
    const { model, asked } = await listed();
    model.setFilters({ search: 'accuracy > 0.9' });
    model.setFilters({ search: 'deeper' });
    const [first, second] = asked.slice(-2);
    expect(first).toContain('model=churn&where=accuracy+%3E+0.9');
    expect(second).toContain('model=churn&text=deeper');
  });
});
