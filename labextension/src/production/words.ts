/** What a deployment says: figures with their units, steps, what comes next. Pure. */
import type { TranslationBundle } from '@jupyterlab/translation';

import { inline } from '../common/text';
import { countText, numberOf, valueText } from '../format';
import type { Deployed, Held, Outcome, Rollout, Side } from './types';

/** Metrics that are parts of one. */
const PARTS = new Set(['error_rate', 'accuracy']);
const TIMES = new Set(['p50', 'p99']);
const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86400;

/** What the audit says of an act that takes a rollback back. */
export const UNDONE = 'the rollback is taken back';

/** "churn:1.4.0" as 1.4.0. */
export function shortRef(ref: string): string {
  return inline(numberOf(ref), 60);
}

/** Whether it goes on, or can. */
export function isUnderWay(rollout: Rollout | null): rollout is Rollout {
  return rollout !== null && (rollout.state === 'running' || rollout.state === 'paused');
}

/** A figure in the unit of its metric; what is not known is a dash. */
export function figureText(metric: string, value: number | null): string {
  if (value === null) {
    return '–';
  }
  if (TIMES.has(metric)) {
    return `${value >= 10 ? Math.round(value) : digits(value)} ms`;
  }
  return PARTS.has(metric) ? `${digits(value * 100)} %` : digits(value, 3);
}

/** As many digits as are read: fewer after the point of what is large, `most` of what is small. */
function digits(value: number, most = 2): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 10 ** -most) {
    return value.toExponential(1);
  }
  const places = size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : most;
  return String(Number(value.toFixed(places)));
}

/** What a rule is about, as a row is called: "errors", "drift in price". */
export function metricText({ metric, text }: Held, trans: TranslationBundle): string {
  const column = / in (.+)$/.exec(text)?.[1];
  const name = inline(metric === 'error_rate' ? trans.__('errors') : metric.replace(/_/g, ' '), 60);
  return column === undefined ? name : trans.__('%1 in %2', name, inline(column, 24));
}

/** Where it is taken back; as the rule was written, where no figure can be told yet. */
export function limitText({ metric, limit, text }: Held): string {
  if (limit !== null) {
    return figureText(metric, limit);
  }
  const bound = /[<>].*?(?= in |$)/.exec(text)?.[0];
  return bound === undefined ? '–' : inline(bound, 40);
}

/** What is not known, and why. */
export function unknownText({ why }: { why: string }, trans: TranslationBundle): string {
  return why === '' ? trans.__('n/a') : trans.__('n/a: %1', inline(why, 200));
}

/** How long, in the unit in which people wait. */
export function waitText(seconds: number, trans: TranslationBundle): string {
  if (seconds < MINUTE_S) {
    return trans.__('%1 s', Math.max(1, Math.ceil(seconds)));
  }
  if (seconds < HOUR_S) {
    return trans.__('%1 min', Math.round(seconds / MINUTE_S));
  }
  return seconds < DAY_S
    ? trans.__('%1 h', Math.round(seconds / HOUR_S))
    : trans.__('%1 d', Math.round(seconds / DAY_S));
}

/** "next in 6 min", `passed` seconds after that was told; "" where nothing comes by itself. */
export function nextText(rollout: Rollout, passed_s: number, trans: TranslationBundle): string {
  if (rollout.state === 'paused') {
    return trans.__('paused');
  }
  if (rollout.state !== 'running' || rollout.next_s === null) {
    return '';
  }
  const left_s = rollout.next_s - passed_s;
  return left_s > 0 ? trans.__('next in %1', waitText(left_s, trans)) : trans.__('next is due');
}

/** Where a rollout stands, as it is read aloud. */
export function stepText(rollout: Rollout, passed_s: number, trans: TranslationBundle): string {
  const where = trans.__(
    '%1 percent, step %2 of %3',
    valueText(rollout.share),
    rollout.step,
    rollout.of
  );
  const next = nextText(rollout, passed_s, trans);
  return next === '' ? where : `${where}, ${next}`;
}

/** What a rule took back by itself, as it stands until it is put away; null for nothing. */
export function takenBack({ rollout }: Deployed): Rollout | null {
  return rollout !== null && rollout.state === 'aborted' && rollout.itself ? rollout : null;
}

/** "Rolled back to 1.4.0 by itself at 14:31: drift 0.24 > 0.20 in price." */
export function takenBackText(rollout: Rollout, now: number, trans: TranslationBundle): string {
  const to = shortRef(rollout.stable.ref);
  const when = momentText(rollout.ended, now);
  return rollout.why === ''
    ? trans.__('Rolled back to %1 by itself at %2.', to, when)
    : trans.__('Rolled back to %1 by itself at %2: %3.', to, when, inline(rollout.why, 300));
}

/** The hour of today, with its day where it is another. */
function momentText(time: string, now: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) {
    return inline(time, 40);
  }
  const today = date.toDateString() === new Date(now).toDateString();
  return today
    ? date.toLocaleTimeString(undefined, { timeStyle: 'short' })
    : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** What comparing the outcomes of both says so far. */
export function outcomeText(ab: Outcome, trans: TranslationBundle): string {
  if (ab.metric === null || ab.significant === null) {
    return trans.__('Outcomes: %1', unknownText(ab, trans));
  }
  const { metric } = ab;
  const side = ({ labels, value }: Side): string =>
    trans._n('%2 (%1 label)', '%2 (%1 labels)', labels, figureText(metric, value));
  return trans.__(
    '%1: stable %2, candidate %3; %4',
    inline(metric, 60),
    side(ab.stable),
    side(ab.candidate),
    inline(ab.why, 300)
  );
}

/** What answering in the shadow showed. */
export function shadowText(
  { compared, differ, dropped }: { compared: number; differ: number; dropped: number },
  trans: TranslationBundle
): string {
  return trans.__(
    '%1 answers compared, %2 differ, %3 left out',
    countText(compared),
    countText(differ),
    countText(dropped)
  );
}

/** What the last rehearsal of the way back showed, without its moment. */
export function drillText(
  drill: NonNullable<Deployed['drill']>,
  trans: TranslationBundle
): string {
  const to = shortRef(drill.to);
  if (drill.why !== '' || drill.seconds === null) {
    return trans.__('The way back to %1 was not rehearsed: %2', to, inline(drill.why, 300));
  }
  const took = figureText('p99', drill.seconds * 1000);
  return trans.__('The way back to %1 was rehearsed: %2', to, took);
}

/** What was done, and on how many servers. */
export function doneText(
  done: string,
  servers: { switched: number; of: number; seconds: number } | null
): string {
  return servers === null || servers.of === 0
    ? done
    : `${done}: ${servers.switched} of ${servers.of} servers switched, ${servers.seconds.toFixed(1)} s`;
}
