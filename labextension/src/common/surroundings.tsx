/**
 * What the components take from where they stand: a menu under a button, a drop-down.
 *
 * In JupyterLab the plugin gives JupyterLab's own, so that keys, roles and themes are those; on a
 * page of our own they are the browser's. Knows neither.
 */
import * as React from 'react';

/** One entry of a menu; `null` is a line between entries. */
export type Entry = { label: string; act: () => void } | null;

/** A drop-down's properties: those of the element. */
export type SelectProps = React.SelectHTMLAttributes<HTMLSelectElement>;

export interface Surroundings {
  /** Open a menu below `anchor`; the keyboard goes back to it afterwards. */
  openMenu(anchor: HTMLElement, entries: readonly Entry[]): void;
  Select: React.ComponentType<SelectProps>;
}

let around: Surroundings | null = null;

/** Say where the components stand. */
export function setSurroundings(given: Surroundings): void {
  around = given;
}

/** See `Surroundings.openMenu`. */
export function openMenu(anchor: HTMLElement, entries: readonly Entry[]): void {
  around?.openMenu(anchor, entries);
}

/** A drop-down as it looks here. */
export function Select(props: SelectProps): JSX.Element {
  const Own = around?.Select;
  return Own === undefined ? <select {...props} /> : <Own {...props} />;
}
