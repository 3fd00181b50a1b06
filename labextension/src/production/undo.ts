/**
 * What takes a rollback back: the alias goes where it was, or the rollout begins again, from its first
 * step. Each is an act like any other, which the policy may refuse. Pure.
 */
import type { Act } from './model';
import type { Deployed } from './types';
import { isUnderWay } from './words';

/** The act, and where the alias points as long as it can be done; `n` is the newest rollout then. */
export interface Undo {
  act: Act;
  live: string;
  n: number;
}

/** What takes `act` back, which was done when things stood as in `before`; null for nothing. */
export function undoOf(act: Act, before: Deployed): Undo | null {
  if (act.verb !== 'rollback' || act.options.drill === true) {
    return null;
  }
  const { rollout, live } = before;
  if (isUnderWay(rollout)) {
    const again: Act = { verb: 'deploy', options: {}, again: rollout };
    return { act: again, live: rollout.stable.manifest, n: rollout.n };
  }
  const led = act.to ?? before.back;
  if (live === null || led === null) {
    return null;
  }
  const back: Act = { verb: 'rollback', options: {}, to: live };
  return { act: back, live: led.manifest, n: before.rollout?.n ?? 0 };
}

/** Whether things still stand as the act left them. */
export function standsFor({ live, n }: Undo, now: Deployed): boolean {
  const same = now.live?.manifest === live && (now.rollout?.n ?? 0) === n;
  return same && !isUnderWay(now.rollout);
}
