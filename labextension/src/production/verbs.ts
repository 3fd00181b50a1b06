/** Deployments by the server part: told by its route, moved by the verbs of its table. */
import type { Client } from '../client';
import { numberOf } from '../format';
import type { Json, JsonObject } from '../types';
import type { Act, Desk } from './model';
import type { Deployed, Rollout } from './types';
import { doneText, UNDONE } from './words';

export class ProductionDesk implements Desk {
  constructor(private readonly client: Client) {}

  deployed(path: string, model: string): Promise<Deployed[]> {
    return this.client.deployed(path, model);
  }

  async act(path: string, act: Act, { model, alias }: Deployed): Promise<string> {
    const { verb, again, to } = act;
    const [args, options] =
      again !== undefined
        ? [[again.candidate.ref], planOf(again, alias)]
        : [[model, alias], to === undefined ? act.options : backTo(to.ref)];
    const { value, lines } = await this.client.verb(path, verb, args, options);
    return doneText(lines[0] ?? '', serversOf(value));
  }
}

/** Back to where the alias was a moment ago. */
function backTo(ref: string): JsonObject {
  return { to: numberOf(ref), reason: UNDONE };
}

/** The options that spell the plan of a rollout. */
function planOf({ mode, steps, every_s, window_s, rules }: Rollout, alias: string): JsonObject {
  const way: JsonObject =
    mode === 'canary'
      ? { canary: steps.join(','), every: `${every_s}s` }
      : mode === 'ab'
        ? { ab: String(steps[0]) }
        : { shadow: true };
  const held: JsonObject = rules === '' ? {} : { abort_if: rules };
  return { ...way, ...held, window: `${window_s}s`, alias, reason: UNDONE };
}

/** How many servers did it, and how long that took; null where no verb says. */
function serversOf(value: Json): { switched: number; of: number; seconds: number } | null {
  const told = value as { servers?: { switched: number; of: number; seconds: number } } | null;
  return typeof told?.servers?.of === 'number' ? told.servers : null;
}
