/** The registry beyond versions: its models, promotions, the trail of events. One method a route. */
import { errorOf } from '../client';
import { numberText } from '../format';
import type { Act } from '../review/deciding';
import type { Desk } from '../review/model';
import type { Reviewed } from '../review/types';
import { movedText, opinionText } from '../review/words';
import type { VersionRow } from '../types';
import { News } from './news';
import { RegistryProduction } from './production';
import type { Visit } from './visit';

/** A model with its newest version and what its protected aliases point at. */
export interface ModelRow {
  name: string;
  newest: (VersionRow & { ref: string }) | null;
  live: { alias: string; version: VersionRow & { ref: string } }[];
  count: number;
}

export interface Models {
  models: ModelRow[];
  /** How many more there are. */
  more: number;
}

/** One event of the chain. One that cannot be read has its place alone. */
export interface EventRow {
  n: number;
  broken?: boolean;
  time: string;
  author: string;
  type: string;
  model: string;
  version: string;
  text: string;
  digest: string;
  via: { [name: string]: string };
}

export interface Trail {
  events: EventRow[];
  /** Where to go on; null where nothing is left. */
  before: number | null;
}

export interface Verified {
  events: number;
  head: string;
  bad: { n: number; why: string }[];
}

interface Moved {
  alias: string;
  version: VersionRow;
  before: VersionRow | null;
  new: boolean;
}

export class Registry implements Desk {
  /** What is deployed of its models. */
  readonly production: RegistryProduction;
  /** That something happened there. */
  readonly news: News;

  constructor(private readonly visit: Visit) {
    this.production = new RegistryProduction(visit);
    this.news = new News(visit);
  }

  models(): Promise<Models> {
    return this.visit.json('page/models');
  }

  trail(model: string, before: number): Promise<Trail> {
    return this.visit.json(`page/audit?${query({ model, before: String(before) })}`);
  }

  verify(): Promise<Verified> {
    return this.visit.json('page/audit/verify');
  }

  /** All events as a file of rows. */
  async export(model: string): Promise<Blob> {
    const answer = await this.visit.send(`page/audit/export?${query({ model })}`, {});
    if (!answer.ok) {
      throw errorOf({ message: `The registry answered ${answer.status}.` }, answer.status);
    }
    return answer.blob();
  }

  review(model: string, alias: string, ref: string): Promise<Reviewed> {
    return this.visit.json(`page/review?${query({ model, alias, ref })}`);
  }

  async act(act: Act, told: Reviewed, text: string): Promise<string> {
    const { model, alias, live, candidate } = told.review;
    const seen = live?.manifest ?? '';
    const ref = candidate?.ref ?? '';
    switch (act) {
      case 'promote':
        return moved(await this.visit.json('promotions', { ref, alias, seen, text }));
      case 'rollback':
        return moved(await this.visit.json('rollbacks', { model, alias, to: '', seen, text }));
      default:
        await this.visit.json('opinions', { ref, alias, word: act, text });
        return opinionText(act, ref, alias);
    }
  }
}

function moved({ alias, version, before }: Moved): string {
  const was = before === null ? '' : numberText(before.number);
  return movedText(alias, version.model, numberText(version.number), was);
}

function query(values: { [name: string]: string }): string {
  const given = Object.entries(values).filter(([, value]) => value !== '');
  return new URLSearchParams(given).toString();
}
