/** Deployments by the server part: told by its route, moved by the verbs of its table. */
import type { Client } from '../client';
import type { Json } from '../types';
import type { Act, Desk } from './model';
import type { Deployed } from './types';
import { doneText } from './words';

export class ProductionDesk implements Desk {
  constructor(private readonly client: Client) {}

  deployed(path: string, model: string): Promise<Deployed[]> {
    return this.client.deployed(path, model);
  }

  async act(path: string, act: Act, { model, alias }: Deployed): Promise<string> {
    const { value, lines } = await this.client.verb(path, act.verb, [model, alias], act.options);
    return doneText(lines[0] ?? '', serversOf(value));
  }
}

/** How many servers did it, and how long that took; null where no verb says. */
function serversOf(value: Json): { switched: number; of: number; seconds: number } | null {
  const told = value as { servers?: { switched: number; of: number; seconds: number } } | null;
  return typeof told?.servers?.of === 'number' ? told.servers : null;
}
