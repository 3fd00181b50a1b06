/**
 * Colours code when it comes into view, a piece at a time, so that the page never waits for it.
 *
 * The language is the editor's own, given once by the plugin; without it code stays plain. What is
 * not on the screen is not parsed.
 */
import * as React from 'react';

import type { Parser } from './colours';
import { whenNear } from './near';
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
    if (node === null) {
      return;
    }
    const task = (by: Parser): void => setMade({ key, value: paint(by) });
    const forget = whenNear(node, () => enqueue(task));
    return () => {
      forget();
      queue.delete(task);
    };
  }, [key]);
  return made !== null && made.key === key ? made.value : null;
}

type Task = (by: Parser) => void;

const queue = new Set<Task>();
let running = false;

function enqueue(task: Task): void {
  queue.add(task);
  if (!running) {
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
