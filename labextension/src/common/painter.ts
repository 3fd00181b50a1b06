/**
 * Colours code when it comes into view, a piece at a time, so that the page never waits for it.
 *
 * The language is the editor's own, given once by the plugin; without it code stays plain. What is
 * not on the screen is not parsed.
 */
import * as React from 'react';

import type { Parser } from './colours';
import { whenIdle } from './slices';

/** Where the parser of Python comes from. Asked when code is first shown. */
export type FindParser = () => Promise<Parser | null>;

let find: FindParser = () => Promise.resolve(null);
let asked: Promise<Parser | null> | null = null;

/** Say where the parser comes from. */
export function setParser(from: FindParser): void {
  find = from;
  asked = null;
}

function parser(): Promise<Parser | null> {
  asked ??= find().catch((reason: unknown) => {
    console.debug('snapbook: code is shown without colours.', reason);
    return null;
  });
  return asked;
}

/** How long one turn may colour. */
const TURN_MS = 12;
/** How far beside the screen code is coloured already, in pixels. */
const AHEAD = '400px';

/**
 * What `paint` makes of the parser, once the element has come near the screen; null before, and
 * for good where there is no parser. It is made anew when `key` changes.
 */
export function usePainted<T>(
  element: React.RefObject<Element>,
  key: unknown,
  paint: (parser: Parser) => T
): T | null {
  const [made, setMade] = React.useState<{ key: unknown; value: T } | null>(null);
  React.useEffect(() => {
    const node = element.current;
    if (node === null || typeof IntersectionObserver !== 'function') {
      return;
    }
    return whenNear(node, by => setMade({ key, value: paint(by) }));
  }, [key]);
  return made !== null && made.key === key ? made.value : null;
}

type Task = (by: Parser) => void;

const waiting = new Map<Element, Task>();
const queue = new Set<Task>();
let observer: IntersectionObserver | null = null;
let running = false;

/** Do `task` when the element is near the screen and there is time. Gives what takes it back. */
function whenNear(node: Element, task: Task): () => void {
  // Scrollers inside the page have a margin of their own, which TypeScript does not know yet.
  const options = { rootMargin: AHEAD, scrollMargin: AHEAD };
  observer ??= new IntersectionObserver(seen, options);
  waiting.set(node, task);
  observer.observe(node);
  return () => {
    waiting.delete(node);
    queue.delete(task);
    observer?.unobserve(node);
  };
}

function seen(entries: readonly IntersectionObserverEntry[]): void {
  for (const { isIntersecting, target } of entries) {
    const task = waiting.get(target);
    if (isIntersecting && task !== undefined) {
      waiting.delete(target);
      observer?.unobserve(target);
      queue.add(task);
    }
  }
  if (queue.size > 0 && !running) {
    running = true;
    void parser().then(by => (by === null ? stop() : whenIdle(() => turn(by))));
  }
}

function stop(): void {
  queue.clear();
  running = false;
}

function turn(by: Parser): void {
  const until = performance.now() + TURN_MS;
  for (const task of queue) {
    queue.delete(task);
    task(by);
    if (performance.now() > until) {
      break;
    }
  }
  if (queue.size > 0) {
    whenIdle(() => turn(by));
  } else {
    running = false;
  }
}
