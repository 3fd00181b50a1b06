/**
 * Reviews by the verbs of the server's table: of the versions of a place, or of a registry that is
 * known there. Knows what `review --json` tells; nothing of the screen.
 */
import type { Client } from '../client';
import { numberOf } from '../format';
import { bare } from '../listing';
import type { Json, JsonObject, Row, VersionRow } from '../types';
import type { Act } from './deciding';
import type { Desk } from './model';
import type { Opinion, Review, Reviewed, Rights, Stay } from './types';
import { movedText, opinionText } from './words';

type Version = VersionRow & { ref: string };

/** What the verb `review` tells as JSON. */
interface Told {
  model: string;
  alias: string;
  live: Version | null;
  candidate: Version | null;
  changes: string[];
  gates: { name: string; passed: boolean; reason: string; refuses: boolean; facts: JsonObject }[];
  benchmarks: { [name: string]: Version };
  said: { said: string; author: string; time: string; text: string; why: string; signed: boolean }[];
  approvals_needed: number;
  missing: string[];
  policy: number;
  history: Stay[];
  may: Rights;
}

/** What the verbs `promote` and `rollback` tell as JSON. */
interface Moved {
  ref: string;
  before: { ref: string } | null;
}

export class VerbDesk implements Desk {
  /** `registry` is a name that `registry list` knows, "" for the place of `path` itself. */
  constructor(
    private readonly client: Client,
    private readonly path: string,
    private readonly registry: string
  ) {}

  async review(model: string, alias: string, ref: string): Promise<Reviewed> {
    return reviewed((await this.ask('review', [ref || model], { alias })) as unknown as Told);
  }

  async act(act: Act, { review }: Reviewed, text: string): Promise<string> {
    const { model, alias, live, candidate } = review;
    const ref = candidate?.ref ?? '';
    const reason: JsonObject = text === '' ? {} : { reason: text };
    switch (act) {
      case 'promote': {
        const seen = live?.manifest ?? '';
        return moved(model, alias, await this.ask(act, [ref, alias], { ...reason, seen }));
      }
      case 'rollback':
        return moved(model, alias, await this.ask(act, [model, alias], reason));
      default:
        await this.ask(act, [ref, alias], reason);
        return opinionText(act, ref, alias);
    }
  }

  private async ask(verb: string, args: string[], options: JsonObject): Promise<Json> {
    const where: JsonObject = this.registry === '' ? {} : { registry: this.registry };
    return (await this.client.verb(this.path, verb, args, { ...options, ...where })).value;
  }
}

/** The registries that are known where the server runs, by their names. */
export async function registriesOf(client: Client, path: string): Promise<string[]> {
  const { value } = await client.verb(path, 'registry', ['list']);
  const { registries } = value as unknown as { registries: { name: string }[] };
  return registries.map(({ name }) => name);
}

function reviewed(told: Told): Reviewed {
  const { gates, said, approvals_needed: needed, ...same } = told;
  const review: Review = {
    ...same,
    judged: gates.map(({ refuses, ...verdict }) => ({ verdict, refuses })),
    said: said.map(({ said: word, why: counts, ...one }): Opinion => ({ ...one, word, counts })),
    needed
  };
  const rows = new Map<string, Row>();
  for (const one of [told.live, told.candidate, ...Object.values(told.benchmarks)]) {
    if (one !== null) {
      rows.set(one.manifest, bare(one));
    }
  }
  return { review, rows: [...rows.values()] };
}

function moved(model: string, alias: string, value: Json): string {
  const { ref, before } = value as unknown as Moved;
  return movedText(alias, model, numberOf(ref), before === null ? '' : numberOf(before.ref));
}
