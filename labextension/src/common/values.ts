/**
 * JSON values narrowed and written as people read them: numbers, sizes, deltas, parameters.
 *
 * The wire holds facts of any shape (a damaged or newer version's, too): every reader here answers
 * something harmless for what it does not expect. Mirrors the Python words, so that a page and
 * `snapbook show` say the same.
 */
import type { Json, JsonObject } from '../types';

/** The value if it is an object, else an empty one. */
export function asObject(value: Json | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

/** The value if it is a list, else an empty one. */
export function asList(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** The value if it is text, else an empty one. */
export function asText(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The value if it is a finite number, else null. */
export function asNumber(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** The numbers of a list; empty if anything else is in it. */
export function asNumbers(value: Json | undefined): number[] {
  const numbers = asList(value).map(asNumber);
  return numbers.every(item => item !== null) ? (numbers as number[]) : [];
}

/** A number as people read it: three decimals for a fraction, thousands grouped. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  }
  if (Number.isInteger(value) && Math.abs(value) < 1e15) {
    return value.toLocaleString('en-US');
  }
  const size = Math.abs(value);
  if (size >= 0.001 && size < 1000) {
    return value.toFixed(3);
  }
  return size >= 1000 && size < 1e9
    ? Math.round(value).toLocaleString('en-US')
    : tidyExponent(value.toPrecision(3));
}

/** A metric's value, which may be text such as "nan"; fractions keep three decimals. */
export function metricText(value: Json): string {
  if (typeof value === 'number') {
    return Number.isInteger(value) && Math.abs(value) <= 1 ? value.toFixed(3) : numberText(value);
  }
  return valueText(value);
}

/** Both numbers with as many digits as it takes to tell them apart. */
export function apart(old: number, now: number): [string, string] {
  let [a, b] = [numberText(old), numberText(now)];
  for (let digits = 4; a === b && old !== now && digits <= 17; digits++) {
    [a, b] = [old.toPrecision(digits), now.toPrecision(digits)];
  }
  return [a, b];
}

/** Two values of a change, told apart. */
export function pairText(old: Json, now: Json): [string, string] {
  return typeof old === 'number' && typeof now === 'number'
    ? apart(old, now)
    : [valueText(old), valueText(now)];
}

/** How much a number moved, with its sign: "+0.009". */
export function deltaText(delta: number): string {
  const sign = delta < 0 ? '\u2212' : '+';
  const size = Math.abs(delta);
  if (size === 0) {
    return '\u00b10';
  }
  return sign + (size < 0.0005 ? tidyExponent(size.toPrecision(2)) : numberText(size));
}

/** A parameter or fact on one line, as Python would write it. */
export function valueText(value: Json | undefined): string {
  if (value === undefined) {
    return '';
  }
  if (value === null) {
    return 'None';
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (typeof value === 'number') {
    return Number.isInteger(value) ? String(value) : shortNumber(value);
  }
  if (typeof value === 'string') {
    return value;
  }
  if (Array.isArray(value)) {
    return `[${value.map(valueText).join(', ')}]`;
  }
  const type = value['type'];
  const fields = Object.entries(value);
  if (typeof type === 'string' && fields.length <= 2) {
    return type;
  }
  return `{${fields.map(([name, item]) => `${name}: ${valueText(item)}`).join(', ')}}`;
}

/** A frame's shape: "426x30". */
export function shapeText(shape: Json | undefined): string {
  return asNumbers(shape)
    .map(length => length.toLocaleString('en-US'))
    .join('\u00d7');
}

/** A column's name, which may be a number, a date or a level of several. */
export function nameText(name: Json | undefined): string {
  return Array.isArray(name) ? name.map(nameText).join(' / ') : valueText(name ?? null);
}

function shortNumber(value: number): string {
  return Number(value.toPrecision(12)).toString();
}

function tidyExponent(text: string): string {
  return text.replace(/e\+?(-?)(\d)$/, 'e$10$2').replace(/e\+/, 'e+');
}
