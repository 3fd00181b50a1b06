// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import { openMenu } from '../../src/web/menu';

let anchor: HTMLButtonElement;
let chosen: string[];

beforeEach(() => {
  document.body.replaceChildren();
  anchor = document.createElement('button');
  document.body.append(anchor);
  chosen = [];
  openMenu(anchor, [
    { label: '<b>one</b>', act: () => chosen.push('one') },
    null,
    { label: 'two', act: () => chosen.push('two') }
  ]);
});

const items = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[role=menuitem]')];
const press = (key: string): void => {
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
};

describe('the menu', () => {
  it('is text, and begins at its first entry', () => {
    expect(items().map(item => item.textContent)).toEqual(['<b>one</b>', 'two']);
    expect(document.activeElement).toBe(items()[0]);
    expect(anchor.getAttribute('aria-expanded')).toBe('true');
  });

  it('is walked round by arrows, Home and End', () => {
    for (const [key, at] of [['ArrowDown', 1], ['ArrowDown', 0], ['ArrowUp', 1], ['Home', 0], ['End', 1]] as const) {
      press(key);
      expect(document.activeElement).toBe(items()[at]);
    }
  });

  it('does what was chosen, once, and gives the keyboard back', () => {
    items()[1].click();
    expect(chosen).toEqual(['two']);
    expect(items()).toEqual([]);
    expect(document.activeElement).toBe(anchor);
    expect(anchor.getAttribute('aria-expanded')).toBe('false');
  });

  it('closes by Escape, and when the keyboard goes elsewhere', () => {
    press('Escape');
    expect(items()).toEqual([]);
    expect(document.activeElement).toBe(anchor);
    openMenu(anchor, [{ label: 'one', act: () => undefined }]);
    const other = document.createElement('button');
    document.body.append(other);
    other.focus();
    expect(items()).toEqual([]);
    expect(document.activeElement).toBe(other);
  });
});
