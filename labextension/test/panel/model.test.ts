// @vitest-environment jsdom
import '../pages/browser';

import { describe, expect, it } from 'vitest';
import { Listing, PAGE_SIZE } from '../../src/listing';
import { Model } from '../../src/model';
import { notices } from '../../src/notices';
import { Queue } from '../../src/queue';
import type { Row } from '../../src/types';
import { row, rows, Server, settled, trans } from './sample';

async function shown(server: Server): Promise<Model> {
  const model = new Model(server.client);
  model.setVisible(true);
  await settled();
  return model;
}

async function all(listing: Listing): Promise<void> {
  while (await listing.next()) {
    // Page by page.
  }
}

const numbers = (listing: Listing): number[] => listing.rows.map(({ n }) => n);
/** From `high` down to `low`. */
const down = (high: number, low: number): number[] =>
  Array.from({ length: high - low + 1 }, (_, i) => high - i);

describe('a list of versions', () => {
  it('loads page by page to the oldest, none twice', async () => {
    const listing = new Listing(new Server(rows(450)).client);
    await listing.ask({ path: '' });
    expect(listing.rows).toHaveLength(PAGE_SIZE);
    await settled();
    expect(listing.count).toBe(450);
    await all(listing);
    expect(listing.rows.map(({ n }) => n)).toEqual(rows(450).map(({ n }) => n));
    expect(listing.more).toBe(false);
    expect(await listing.next()).toBe(false);
  });

  it('takes new versions on top and keeps what was loaded', async () => {
    const server = new Server(rows(450));
    const listing = new Listing(server.client);
    await listing.ask({ path: '' });
    await listing.next();
    server.versions = [row(452), row(451), ...server.versions];
    await listing.refresh();
    expect(listing.rows.map(({ n }) => n)).toEqual(
      Array.from({ length: 402 }, (_, i) => 452 - i)
    );
    await all(listing);
    expect(listing.rows).toHaveLength(452);
  });

  it('drops a deleted version', async () => {
    const server = new Server(rows(5));
    const listing = new Listing(server.client);
    await listing.ask({ path: '' });
    server.versions = server.versions.filter(({ n }) => n !== 3);
    await listing.refresh();
    expect(listing.rows.map(({ n }) => n)).toEqual([5, 4, 2, 1]);
  });

  it('jumps to the oldest with one request, and grows from both sides until it is whole', async () => {
    const server = new Server(rows(1000));
    const listing = new Listing(server.client);
    await listing.ask({ path: '' });
    await settled();
    server.asked = [];
    await listing.oldest();
    expect(server.asked).toEqual(['versions oldest']);
    expect(numbers(listing)).toEqual([...down(1000, 801), ...down(200, 1)]);
    expect([listing.gap, listing.more]).toEqual([200, true]);
    await listing.oldest();
    await listing.previous();
    await listing.next();
    expect(numbers(listing)).toEqual([...down(1000, 601), ...down(400, 1)]);
    expect(listing.gap).toBe(400);
    await listing.previous();
    expect([listing.gap, listing.more]).toEqual([400, true]);
    await all(listing);
    expect(numbers(listing)).toEqual(down(1000, 1));
    expect([listing.gap, listing.more]).toEqual([null, false]);
  });

  it('keeps the oldest in place while new versions come on top', async () => {
    const server = new Server(rows(1000));
    const listing = new Listing(server.client);
    await listing.ask({ path: '' });
    await listing.oldest();
    server.versions = [row(1001), ...server.versions];
    await listing.refresh();
    expect(numbers(listing)).toEqual([...down(1001, 801), ...down(200, 1)]);
    expect(listing.gap).toBe(201);
  });

  it('looks for words from the newest on, also for End', async () => {
    const server = new Server(rows(450, { message: 'deep' }));
    const listing = new Listing(server.client);
    await listing.ask({ path: '', text: 'deep' });
    await listing.oldest();
    expect(listing.rows).toHaveLength(450);
    expect(server.asked).not.toContain('versions oldest');
  });

  it('reads again what is in sight and was loaded before something changed', async () => {
    const server = new Server(rows(1000));
    const listing = new Listing(server.client);
    await listing.ask({ path: '' });
    await listing.next();
    await listing.oldest();
    const sight = (high: number, low: number): Row[] =>
      listing.rows.filter(({ n }) => n <= high && n >= low);
    server.asked = [];
    await listing.seen(sight(700, 690));
    expect(server.asked).toEqual([]);
    server.versions = server.versions
      .filter(({ n }) => n !== 695)
      .map(each => ([700, 650, 20].includes(each.n) ? row(each.n, { aliases: ['live'] }) : each));
    await listing.refresh();
    expect(listing.rows.find(({ n }) => n === 700)?.aliases).toEqual([]);
    await listing.seen(sight(700, 690));
    const found = (n: number): string[] | undefined =>
      listing.rows.find(each => each.n === n)?.aliases;
    expect([found(700), found(695), found(650), found(20)]).toEqual([['live'], undefined, ['live'], []]);
    await listing.seen(sight(25, 15));
    expect(found(20)).toEqual(['live']);
    expect(numbers(listing)).toEqual(
      [...down(1000, 601), ...down(200, 1)].filter(n => n !== 695)
    );
    server.asked = [];
    await listing.seen(sight(25, 15));
    await listing.seen(sight(690, 680));
    // What was found in another way is no answer to the question, and not read again.
    await listing.refresh();
    server.asked = [];
    listing.showFound([row(30)], 'found');
    await listing.seen(listing.rows);
    expect(server.asked).toEqual([]);
  });

  it('shows the answer to the last question, whichever comes first', async () => {
    const server = new Server([row(2, { message: 'deeper' }), row(1)]);
    const listing = new Listing(server.client);
    let open = (): void => undefined;
    server.gate = new Promise(done => (open = done));
    const slow = listing.ask({ path: '' });
    const quick = listing.ask({ path: '', text: 'deeper' });
    open();
    await Promise.all([slow, quick]);
    expect(listing.rows.map(({ n }) => n)).toEqual([2]);
    expect(listing.loading).toBe(false);
  });

  it('shows a version that was just made before the server lists it, if it belongs there', async () => {
    const server = new Server(rows(3));
    const listing = new Listing(server.client);
    expect(listing.add(row(4))).toBe(false); // nothing was asked for
    await listing.ask({ path: '', model: 'churn' });
    server.asked = [];
    expect(listing.add(row(4))).toBe(true);
    expect([listing.add(row(4)), listing.add(row(5, { model: 'price' }))]).toEqual([false, false]);
    expect([numbers(listing), listing.count, server.asked]).toEqual([[4, 3, 2, 1], 4, []]);
    // What the server then says is what is.
    server.versions = [row(4, { message: 'deeper' }), ...server.versions];
    await listing.refresh();
    expect([numbers(listing), listing.rows[0].message]).toEqual([[4, 3, 2, 1], 'deeper']);
    await listing.ask({ path: '', where: 'accuracy > 0.9' });
    expect(listing.add(row(6))).toBe(false);
    listing.showFound([row(1)], 'found');
    expect(listing.add(row(6))).toBe(false);
  });

  it('keeps old rows in sight when the server goes away', async () => {
    const server = new Server(rows(5));
    const listing = new Listing(server.client);
    await listing.ask({ path: '' });
    server.down = true;
    await listing.refresh();
    expect(listing.rows).toHaveLength(5);
    expect(listing.error?.kind).toBe('unreachable');
    server.down = false;
    await listing.refresh();
    expect(listing.error).toBeNull();
  });
});

describe('the model', () => {
  it('asks for nothing while it is hidden, and once when it is shown', async () => {
    const server = new Server(rows(3));
    const model = new Model(server.client);
    model.lookIntoFolder('a');
    void model.onEvent('here');
    await settled();
    expect(server.asked).toEqual([]);
    model.setVisible(true);
    await settled();
    expect(model.listing.rows).toHaveLength(3);
    expect(server.asked.filter(name => name === 'versions')).toHaveLength(1);
  });

  it('takes no model along into another folder', async () => {
    const model = await shown(new Server([row(2), row(1, { model: 'price' })]));
    model.setFilters({ model: 'price' });
    await settled();
    model.lookIntoFolder('elsewhere');
    expect(model.filters.model).toBeNull();
    await settled();
    expect(model.listing.rows.map(({ model: name }) => name)).toEqual(['churn']);
    model.setFilters({ model: '' });
    model.lookIntoFolder('further');
    await settled();
    expect(model.listing.rows).toHaveLength(2);
  });

  it('suggests the model that was made in this notebook', async () => {
    const server = new Server([
      row(3, { model: 'price', provenance: 'other' }),
      row(2, { model: 'churn', provenance: 'this' }),
      row(1, { model: 'price', provenance: 'other' })
    ]);
    const model = await shown(server);
    expect(model.model).toBe('churn');
    expect(model.listing.rows.map(({ model: name }) => name)).toEqual(['churn']);
    model.setFilters({ model: '' });
    await settled();
    expect(model.listing.rows).toHaveLength(3);
  });

  it('reads again when its own place changed, and only then', async () => {
    const server = new Server(rows(2));
    const model = await shown(server);
    server.versions = rows(3);
    void model.onEvent('elsewhere');
    await settled();
    expect(model.listing.rows).toHaveLength(2);
    void model.onEvent('here');
    await settled();
    expect(model.listing.rows).toHaveLength(3);
    expect(model.place?.versions).toBe(3);
  });

  it('tells pages and cards of a change after its own rows are there', async () => {
    const server = new Server(rows(2));
    const model = await shown(server);
    server.versions = rows(3);
    const seen: number[] = [];
    model.versionsChanged.connect(() => seen.push(model.listing.rows.length));
    await model.onEvent('here');
    await model.onEvent('elsewhere');
    expect(seen).toEqual([3, 3]);
  });

  it('stays on the newest while the user is there, else on the row', async () => {
    const server = new Server(rows(2));
    const model = await shown(server);
    expect(model.chosen.active).toBe('churn:0.2.0');
    server.versions = rows(3);
    void model.onEvent('here');
    await settled();
    expect(model.chosen.active).toBe('churn:0.3.0');
    model.chosen.setActive('churn:0.1.0');
    server.versions = rows(4);
    void model.onEvent('here');
    await settled();
    expect(model.chosen.active).toBe('churn:0.1.0');
  });

  it('goes along with a version that was just made; hidden it takes none', async () => {
    const model = await shown(new Server(rows(2)));
    model.take(row(3));
    expect([model.chosen.active, model.listing.rows.length]).toEqual(['churn:0.3.0', 3]);
    model.take(null);
    model.setVisible(false);
    model.take(row(4));
    expect(model.listing.rows).toHaveLength(3);
  });

  it('keeps marks through a search, two at most', async () => {
    const model = await shown(new Server(rows(9)));
    model.chosen.toggleMark('churn:0.1.0');
    model.chosen.toggleMark('churn:0.2.0');
    model.setFilters({ search: 'nowhere' });
    await settled();
    expect(model.listing.rows).toEqual([]);
    expect(model.chosen.marks).toEqual(['churn:0.1.0', 'churn:0.2.0']);
    model.chosen.toggleMark('churn:0.3.0');
    expect(model.chosen.marks).toEqual(['churn:0.2.0', 'churn:0.3.0']);
    model.chosen.toggleMark('churn:0.2.0');
    expect(model.chosen.marks).toEqual(['churn:0.3.0']);
  });

  it('finds a version that is not loaded yet', async () => {
    const model = await shown(new Server(rows(700)));
    expect(model.find('churn:0.1.0')).toBeNull();
    await model.reveal('churn:0.1.0');
    expect(model.find('churn:0.1.0')?.n).toBe(1);
    expect(model.chosen.active).toBe('churn:0.1.0');
  });
});

describe('what stands in the way', () => {
  it('is said with a step that helps, and put away for good', async () => {
    const server = new Server(rows(5));
    server.place = { damaged: ['churn:0.1.0'], mentions: ['churn:0.1.0', 'churn:0.3.1'] };
    const model = await shown(server);
    const said = notices(model, trans);
    expect(said.map(({ key }) => key)).toEqual(['no-notebook', 'damaged', 'mentions']);
    expect(said[1].text).toBe('1 of 5 versions cannot be read; 4 are fine.');
    expect(said[2].text).toBe(
      'This notebook mentions churn:0.1.0 … 0.3.1, which are not on this machine.'
    );
    // There is no pull in this server's table, so none is offered.
    expect(said[2].steps).toEqual([]);
    model.dismiss(said[1].dismiss ?? '');
    expect(notices(model, trans).map(({ key }) => key)).toEqual(['no-notebook', 'mentions']);
  });

  it('of the server hides what depends on it', async () => {
    const server = new Server(rows(5));
    server.down = true;
    const model = await shown(server);
    expect(model.server).toBe('unreachable');
    expect(notices(model, trans).map(({ key }) => key)).toEqual(['no-notebook', 'server-unreachable']);
  });

  it('comes from a repository that cannot be read', async () => {
    const server = new Server([]);
    server.place = {
      exists: true,
      trouble: { kind: 'newer-format', message: 'It was made by a newer snapbook.' }
    };
    const model = await shown(server);
    const broken = notices(model, trans).find(({ key }) => key === 'broken');
    expect(broken?.alert).toBe(true);
    expect(broken?.text).toBe('It was made by a newer snapbook.');
  });
});

describe('the queue', () => {
  it('runs when the kernel is idle, and not what was taken back', async () => {
    const queue = new Queue();
    const ran: string[] = [];
    const act = (name: string) => () => Promise.resolve(void ran.push(name));
    queue.add('now', act('a'));
    await settled();
    expect(ran).toEqual(['a']);
    queue.setIdle(false);
    queue.add('later', act('b'));
    expect(queue.label).toBe('later');
    expect(queue.cancel()).toBe(true);
    expect(queue.cancel()).toBe(false);
    queue.add('later', act('c'));
    queue.add('instead', act('d'));
    queue.setIdle(true);
    await settled();
    expect(ran).toEqual(['a', 'd']);
    expect(queue.running).toBe(false);
  });
});
