/** What every screen gets: who looks, where to go, and how to ask. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Client } from '../client';
import type { Registry } from './registry';
import { addressOf, type Route } from './route';

export interface ScreenProps {
  client: Client;
  registry: Registry;
  trans: TranslationBundle;
}

/** Go to another screen; the browser's own ways back lead here again. */
export function go(route: Route): void {
  window.location.hash = addressOf(route);
}
