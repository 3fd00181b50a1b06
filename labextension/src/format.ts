/**
 * Numbers, ages and sizes as people read them in the panel.
 *
 * Pure: the present moment is an argument. Knows the words of the panel's rows, no component.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Json, Row } from './types';

// Made once: a list of ten thousand asks for many dates, and each formatter is costly to make.
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const SHORT = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const MONTH = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric' });

const MINUS = '\u2212';
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** A metric's value: three decimals where it is a fraction, as short as it can be told apart. */
export function valueText(value: number | string | null | undefined): string {
  if (value === null || value === undefined) {
    return '';
  }
  if (typeof value === 'string') {
    return value;
  }
  if (Number.isInteger(value)) {
    return value.toLocaleString('en-US');
  }
  const size = Math.abs(value);
  if (size >= 1000) {
    return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  }
  if (size >= 0.001) {
    return size >= 100 ? value.toFixed(1) : value.toFixed(3);
  }
  return value.toExponential(1);
}

/** A difference with its sign, which is never left to colour: "+.009", "−.002". */
export function deltaText(delta: number | null): string {
  if (delta === null || !Number.isFinite(delta)) {
    return '';
  }
  if (delta === 0) {
    return '\u00b10';
  }
  const text = valueText(Math.abs(delta)).replace(/^0\./, '.');
  return `${delta > 0 ? '+' : MINUS}${text}`;
}

/** "4 min", "22 h", "3 d", else the day of this year or the month; "now" below a minute. */
export function ageText(time: string, now: number, trans: TranslationBundle): string {
  const age_s = (now - Date.parse(time)) / 1000;
  if (!Number.isFinite(age_s)) {
    return '';
  }
  if (age_s < MINUTE) {
    return trans.__('now');
  }
  if (age_s < HOUR) {
    return trans.__('%1 min', Math.floor(age_s / MINUTE));
  }
  if (age_s < DAY) {
    return trans.__('%1 h', Math.floor(age_s / HOUR));
  }
  if (age_s < 30 * DAY) {
    return trans.__('%1 d', Math.floor(age_s / DAY));
  }
  const date = new Date(time);
  return date.getFullYear() === new Date(now).getFullYear()
    ? SHORT.format(date)
    : date.toISOString().slice(0, 7);
}

/** The whole date, for titles and screen readers. */
export function fullDate(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : FULL.format(date);
}

/** The heading under which a version stands: today, yesterday, this month's days, then months. */
export function dayHeading(time: string, now: number, trans: TranslationBundle): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) {
    return trans.__('date unknown');
  }
  const days = Math.round((midnight(now) - midnight(date.getTime())) / (DAY * 1000));
  if (days <= 0) {
    return trans.__('today');
  }
  if (days === 1) {
    return trans.__('yesterday');
  }
  if (days < 7) {
    return WEEKDAY.format(date);
  }
  return MONTH.format(date);
}

function midnight(time: number): number {
  const date = new Date(time);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Bytes in the unit people would choose, of 1024 as in the settings. */
export function sizeText(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let left = count;
  while (left >= 1024 && at < units.length - 1) {
    left /= 1024;
    at += 1;
  }
  return `${at === 0 || left >= 10 ? Math.round(left) : left.toFixed(1)} ${units[at]}`;
}

/** A whole number with separators: 10,000. */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** 1.4.0 */
export function numberText(number: readonly number[]): string {
  return number.join('.');
}

/** The number of a reference: 1.4.0 of churn:1.4.0; the reference itself where there is none. */
export function numberOf(ref: string): string {
  const at = ref.lastIndexOf(':');
  return at < 0 ? ref : ref.slice(at + 1);
}

/** A JSON value on one line. */
export function jsonText(value: Json | undefined): string {
  if (value === undefined || value === null) {
    return '';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The row's second line: the message, else the derived reason. */
export function saidOf(
  row: Pick<Row, 'damage' | 'message' | 'reason'>,
  trans: TranslationBundle
): string {
  return row.damage || row.message || row.reason || trans.__('first version');
}

/** "waits for team", "not pushed"; "" where neither is so. */
export function unpushedText(row: Row, trans: TranslationBundle): string {
  if (row.waits?.length) {
    return trans.__('waits for %1', row.waits.join(', '));
  }
  return row.pushed === false ? trans.__('not pushed') : '';
}

/** "of explore.ipynb", where a version was made elsewhere, "from team::churn:1.0.0"; "" else. */
export function elsewhereText(row: Row, trans: TranslationBundle): string {
  if (row.provenance === 'registry') {
    return trans.__('from %1', (row.shared ?? []).join(', '));
  }
  return row.provenance !== 'other'
    ? ''
    : row.notebook === ''
      ? trans.__('of another notebook')
      : trans.__('of %1', row.notebook);
}

/** What a screen reader says of a row: "accuracy 0.956, 0.009 better than 0.3.0". */
export function spokenRow(row: Row, now: number, trans: TranslationBundle): string {
  const words = [row.ref];
  const metric = row.metrics[row.main];
  if (metric !== undefined) {
    words.push(`${row.main} ${valueText(metric.value)}`);
  }
  if (row.delta !== null && row.delta !== 0 && row.previous !== null) {
    const size = valueText(Math.abs(row.delta));
    const than = numberOf(row.previous.ref);
    words.push(
      row.better === true
        ? trans.__('%1 better than %2', size, than)
        : row.better === false
          ? trans.__('%1 worse than %2', size, than)
          : row.delta > 0
            ? trans.__('%1 more than %2', size, than)
            : trans.__('%1 less than %2', size, than)
    );
  }
  words.push(saidOf(row, trans));
  words.push(...row.aliases.map(alias => trans.__('alias %1', alias)));
  words.push(...Object.keys(row.tags).map(tag => trans.__('tag %1', tag)));
  words.push(...[elsewhereText(row, trans)].filter(Boolean));
  words.push(...[unpushedText(row, trans)].filter(Boolean));
  if (row.reproduced === true) {
    words.push(trans.__('reproduced'));
  }
  if (row.damage) {
    words.push(trans.__('damaged'));
  }
  words.push(ageText(row.time, now, trans));
  return words.join(', ');
}
