/** Tells once when an element comes near the screen. One observer for all of them. */

/** How far beside the screen an element counts as near, in pixels. */
const AHEAD = '400px';

const waiting = new Map<Element, () => void>();
let observer: IntersectionObserver | null = null;

/** Call `act` when `node` is near the screen, never without a screen. Gives what takes it back. */
export function whenNear(node: Element, act: () => void): () => void {
  if (typeof IntersectionObserver !== 'function') {
    return () => undefined;
  }
  // Scrollers inside the page have a margin of their own, which TypeScript does not know yet.
  const options = { rootMargin: AHEAD, scrollMargin: AHEAD };
  observer ??= new IntersectionObserver(seen, options);
  waiting.set(node, act);
  observer.observe(node);
  return () => {
    if (waiting.get(node) === act) {
      forget(node);
    }
  };
}

function seen(entries: readonly IntersectionObserverEntry[]): void {
  for (const { isIntersecting, target } of entries) {
    const act = waiting.get(target);
    if (isIntersecting && act !== undefined) {
      forget(target);
      act();
    }
  }
}

function forget(node: Element): void {
  waiting.delete(node);
  observer?.unobserve(node);
}
