/** Deployments by the routes of a registry: told and moved there. */
import { numberOf, numberText } from '../format';
import type { Act, Desk } from '../production/model';
import type { Deployed, Rollout } from '../production/types';
import { isUnderWay, shortRef, UNDONE } from '../production/words';
import { movedText } from '../review/words';
import type { VersionRow } from '../types';
import type { Visit } from './visit';

export class RegistryProduction implements Desk {
  constructor(private readonly visit: Visit) {}

  async deployed(_: string, model: string): Promise<Deployed[]> {
    const query = new URLSearchParams({ model });
    const told = await this.visit.json<{ deployed: Deployed[] }>(`page/production?${query}`);
    return told.deployed;
  }

  async act(_: string, { verb, options, to, again }: Act, told: Deployed): Promise<string> {
    const { rollout } = told;
    const moving = isUnderWay(rollout) ? rollout : null;
    if (options.drill === true) {
      await this.ask(told, 'drill', {});
      return 'The servers rehearse the way back.';
    }
    if (again !== undefined) {
      return this.begin(told, again);
    }
    if (to !== undefined) {
      return this.back(told, numberOf(to.ref), UNDONE);
    }
    if (verb === 'rollback') {
      return moving === null ? this.back(told) : this.end(told, moving.n);
    }
    if (moving !== null && options.next === true) {
      // Counted from 0 on the wire.
      const more = { n: moving.n, step: moving.step - 1 };
      const { done } = await this.ask<{ done: boolean }>(told, 'next', more);
      return done ? '' : 'Somebody else was first.';
    }
    await this.ask(told, verb, {});
    return '';
  }

  private async end(told: Deployed, n: number): Promise<string> {
    await this.ask(told, 'end', { n });
    const [candidate, stable] = [told.rollout?.candidate, told.rollout?.stable];
    return `${shortRef(candidate?.ref ?? '')} is taken back, ${shortRef(stable?.ref ?? '')} answers everything.`;
  }

  private async begin({ alias, live }: Deployed, again: Rollout): Promise<string> {
    const { mode, steps, every_s, window_s, rules, candidate } = again;
    const plan = { mode, steps, every_s, window_s, rules, alias };
    const body = { ref: candidate.ref, plan, seen: live?.ref ?? '', text: UNDONE, dry: false };
    await this.visit.json('rollouts', body);
    return `${shortRef(candidate.ref)} begins again.`;
  }

  private async back({ model, alias, live }: Deployed, to = '', text = ''): Promise<string> {
    const body = { model, alias, to, seen: live?.manifest ?? '', text };
    const { version, before } = await this.visit.json<{
      version: VersionRow;
      before: VersionRow | null;
    }>('rollbacks', body);
    const was = before === null ? '' : numberText(before.number);
    return movedText(alias, version.model, numberText(version.number), was);
  }

  private ask<T>({ model, alias }: Deployed, act: string, more: object): Promise<T> {
    return this.visit.json<T>('rollouts/acts', { model, alias, act, text: '', ...more });
  }
}
