/**
 * Keeps the keyboard in the page when what had the focus gives way to something else.
 *
 * A button that is replaced by what it asked for would else leave the focus nowhere, and the keys
 * of the page would be dead.
 */

/** The nearest element around `element` that can take the focus. */
export function around(element: Element): HTMLElement | null {
  return element.parentElement?.closest<HTMLElement>('[tabindex]') ?? null;
}

/** Give the focus to `near` if nothing has it. */
export function rescue(near: HTMLElement | null): void {
  const active = document.activeElement;
  if (active === null || active === document.body) {
    near?.focus({ preventScroll: true });
  }
}

/** Do what a button is for; the keyboard stays near it, though the button may be gone then. */
export function withFocus(button: Element, act: () => void): void {
  const near = around(button);
  act();
  window.requestAnimationFrame(() => rescue(near));
}
