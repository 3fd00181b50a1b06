/**
 * A menu under a button, as the browser's own elements: arrows walk, Enter chooses, Escape and
 * whatever else leaves it closes it. Every label is text.
 */
import type { Entry } from '../common/surroundings';

/** Open it; the keyboard goes back to `anchor`. */
export function openMenu(anchor: HTMLElement, entries: readonly Entry[]): void {
  const menu = document.createElement('div');
  menu.className = 'jp-snapbook-web-menu';
  menu.setAttribute('role', 'menu');
  menu.setAttribute('aria-label', anchor.getAttribute('aria-label') ?? anchor.textContent ?? '');
  let open = true;
  const close = (back: boolean): void => {
    if (!open) {
      return;
    }
    // Taking it away takes the focus from it, which closes it too.
    open = false;
    menu.remove();
    anchor.setAttribute('aria-expanded', 'false');
    if (back) {
      anchor.focus();
    }
  };
  for (const entry of entries) {
    menu.append(entry === null ? document.createElement('hr') : item(entry, close));
  }
  const items = [...menu.querySelectorAll<HTMLElement>('[role=menuitem]')];
  menu.addEventListener('keydown', event => {
    const at = items.findIndex(one => one === document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
    if (event.key in to) {
      event.preventDefault();
      items[(to[event.key as keyof typeof to] + items.length) % items.length]?.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      close(true);
    }
    event.stopPropagation();
  });
  menu.addEventListener('focusout', event => {
    if (!(event.relatedTarget instanceof Node && menu.contains(event.relatedTarget))) {
      close(false);
    }
  });
  const place = anchor.getBoundingClientRect();
  document.body.append(menu);
  menu.style.top = `${place.bottom}px`;
  menu.style.left = `${Math.max(0, Math.min(place.left, window.innerWidth - menu.offsetWidth - 8))}px`;
  anchor.setAttribute('aria-expanded', 'true');
  items[0]?.focus();
}

function item(entry: { label: string; act: () => void }, close: (back: boolean) => void): Element {
  const button = document.createElement('button');
  button.type = 'button';
  button.setAttribute('role', 'menuitem');
  button.tabIndex = -1;
  button.textContent = entry.label;
  button.addEventListener('click', () => {
    close(true);
    entry.act();
  });
  return button;
}
