// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../src/client';
import { LATER_MS, News, PAUSE_MS } from '../../src/web/news';

type Asked = { path: string; signal: AbortSignal; tell(head: number): void; fail(status: number): void };

/** News of a registry whose answers come when the test says so. */
function newsOf(): { news: News; asked: Asked[]; heard: number[] } {
  const asked: Asked[] = [];
  const heard: number[] = [];
  const json = (path: string, _: unknown, signal: AbortSignal): Promise<unknown> =>
    new Promise((done, failed) => {
      const fail = (status: number): void => failed(new ApiError('x', 'x', status));
      signal.addEventListener('abort', () => fail(0));
      asked.push({ path, signal, fail, tell: head => done({ head }) });
    });
  const news = new News({ json } as unknown as ConstructorParameters<typeof News>[0]);
  news.heard.connect((_, head) => heard.push(head));
  return { news, asked, heard };
}

let sight: DocumentVisibilityState = 'visible';
const look = (state: DocumentVisibilityState): void => {
  sight = state;
  document.dispatchEvent(new Event('visibilitychange'));
};

describe('news of a registry', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => sight);
    sight = 'visible';
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
  const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

  it('are waited for one request at a time, each behind the last', async () => {
    const { news, asked, heard } = newsOf();
    expect(asked).toEqual([]);
    news.watch();
    news.watch();
    asked[0].tell(5);
    await settle();
    expect([heard, asked.length]).toEqual([[5], 1]);
    await settle(PAUSE_MS);
    expect(asked.map(one => one.path)).toEqual(['page/news?after=0', 'page/news?after=5']);
    await settle(5 * PAUSE_MS);
    asked[1].tell(6);
    await settle();
    // Nothing came for a while: the next question waits for nothing.
    expect([heard, asked.length]).toEqual([[5, 6], 3]);
    news.dispose();
  });

  it('are asked for with a pause where nothing is told', async () => {
    const { news, asked, heard } = newsOf();
    news.watch();
    asked[0].tell(0);
    await settle();
    expect(asked.length).toBe(1);
    await settle(PAUSE_MS);
    expect(asked.length).toBe(2);
    asked[1].fail(503);
    await settle(LATER_MS - 1);
    expect(asked.length).toBe(2);
    await settle(1);
    expect(asked.length).toBe(3);
    expect(heard).toEqual([]);
    news.dispose();
  });

  it('are asked for by nobody who does not look', async () => {
    const { news, asked } = newsOf();
    const leave = news.watch();
    look('hidden');
    expect(asked[0].signal.aborted).toBe(true);
    await settle(LATER_MS);
    expect(asked.length).toBe(1);
    look('visible');
    expect(asked.length).toBe(2);
    leave();
    expect(asked[1].signal.aborted).toBe(true);
    await settle(LATER_MS);
    expect(asked.length).toBe(2);
    news.dispose();
  });

  it('are none of a registry that is older', async () => {
    const { news, asked } = newsOf();
    news.watch();
    asked[0].fail(404);
    await settle(LATER_MS);
    look('hidden');
    look('visible');
    expect(asked.length).toBe(1);
    news.dispose();
  });

  it('begin again with who signs in again', async () => {
    const { news, asked } = newsOf();
    const leave = news.watch();
    asked[0].fail(401);
    await settle(LATER_MS);
    expect(asked.length).toBe(1);
    leave();
    news.watch();
    expect(asked.length).toBe(2);
    news.dispose();
  });
});
