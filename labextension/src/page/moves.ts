/** Ways through a version page that its keys take: to sections, and all outputs at once. */

/** Go to the next (1) or previous (-1) section of the page in `node`. */
export function toSection(node: HTMLElement, by: 1 | -1): void {
  const titles = [...node.querySelectorAll<HTMLElement>('.jp-snapbook-Section-title > button')];
  const at = titles.findIndex(title => title.closest('section')?.contains(document.activeElement));
  const next = titles[at < 0 ? (by > 0 ? 0 : titles.length - 1) : at + by];
  next?.focus();
  next?.scrollIntoView({ block: 'start' });
}

/** Open or close all outputs of the cells that are shown. */
export function toggleOutputs(node: HTMLElement): void {
  const found = node.querySelectorAll<HTMLElement>(
    '.jp-snapbook-Cell-body > .jp-snapbook-Disclosure > button'
  );
  const closed = [...found].filter(button => button.getAttribute('aria-expanded') === 'false');
  (closed.length > 0 ? closed : [...found]).forEach(button => button.click());
}
