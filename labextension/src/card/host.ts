/**
 * What the rest of the extension lends to cards.
 *
 * A card is made by the renderer's factory, which knows no application; the panel's plugin sets the
 * host when it is there. Without it a card shows its version and has no buttons.
 */
import type { PageActions } from '../tokens';
import type { ISignal } from '@lumino/signaling';

/** The application as a card needs it. */
export interface CardHost {
  actions: PageActions;
  /** The path of the notebook that shows this element, "" if none does. */
  pathOf(node: HTMLElement): string;
  /** Choose another model than the one that was kept. */
  notThisModel(path: string, ref: string): void;
  /** Emitted when versions were made, moved or deleted anywhere. */
  changed: ISignal<unknown, string>;
}

type Listener = (host: CardHost) => void;

let current: CardHost | null = null;
const waiting = new Set<Listener>();

/** Lend the application to all cards, also to those that are already shown. */
export function setHost(host: CardHost): void {
  current = host;
  waiting.forEach(listener => listener(host));
}

/** Call `listener` with the host, now and whenever it is set. Gives what takes it back. */
export function withHost(listener: Listener): () => void {
  waiting.add(listener);
  if (current !== null) {
    listener(current);
  }
  return () => {
    waiting.delete(listener);
  };
}
