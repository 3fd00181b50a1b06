/**
 * A column's profile as bars of equal width, and in words.
 *
 * Profiles hold eleven quantiles or the most frequent values; the shares between quantiles are
 * spread evenly, equal quantiles are one heap. Pure.
 */
import type { TranslationBundle } from '@jupyterlab/translation';

import { asList, asNumber, asNumbers, asText, numberText } from '../common/values';
import { inline } from '../common/text';
import type { JsonObject } from '../types';

/** One bar: its share of the values, 0 to 1, and what it stands for. */
export interface Bar {
  share: number;
  label: string;
}

/** The bars of a profile and what they say; no bars where nothing is known. */
export interface Histogram {
  kind: string;
  bars: Bar[];
  words: string;
}

const BINS = 12;
const SHOWN = 8;

/** The histogram of a column's profile. */
export function histogram(profile: JsonObject, trans: TranslationBundle): Histogram {
  const kind = asText(profile['kind']);
  if (kind === 'categories') {
    return categories(profile, trans);
  }
  const quantiles = asNumbers(profile['quantiles']);
  if (quantiles.length < 2) {
    return { kind, bars: [], words: missing(profile, trans) || trans.__('no values') };
  }
  const shown = (value: number): string => pointText(kind, value);
  const [low, high] = [quantiles[0], quantiles[quantiles.length - 1]];
  const middle = quantiles[Math.floor(quantiles.length / 2)];
  const range =
    kind === 'text'
      ? trans.__('texts of %1 to %2 characters, half below %3', low, high, middle)
      : low === high
        ? trans.__('always %1', shown(low))
        : trans.__('%1 to %2, half below %3', shown(low), shown(high), shown(middle));
  const words = [range, missing(profile, trans)].filter(text => text !== '').join(', ');
  const bars = shares(quantiles, BINS).map((share, at) => {
    const step = (high - low) / BINS;
    const from = shown(low + at * step);
    return { share, label: `${from} – ${shown(low + (at + 1) * step)}` };
  });
  return { kind, bars: low === high ? [{ share: 1, label: shown(low) }] : bars, words };
}

/** The share of values in each of `bins` equal intervals between the first and last quantile. */
export function shares(quantiles: readonly number[], bins: number): number[] {
  const steps = quantiles.length - 1;
  const low = quantiles[0];
  const width = quantiles[steps] - low;
  const found = new Array<number>(bins).fill(0);
  if (!(width > 0)) {
    found[0] = 1;
    return found;
  }
  for (let at = 0; at < steps; at++) {
    const [a, b] = [(quantiles[at] - low) / width, (quantiles[at + 1] - low) / width];
    if (a === b) {
      found[Math.min(bins - 1, Math.floor(a * bins))] += 1 / steps;
      continue;
    }
    for (let bin = 0; bin < bins; bin++) {
      const common = Math.min(b, (bin + 1) / bins) - Math.max(a, bin / bins);
      if (common > 0) {
        found[bin] += common / (b - a) / steps;
      }
    }
  }
  return found;
}

function categories(profile: JsonObject, trans: TranslationBundle): Histogram {
  const top = asList(profile['top'])
    .map(pair => asList(pair))
    .map(([name, share]) => ({ label: asText(name), share: asNumber(share) ?? 0 }));
  const distinct = asNumber(profile['distinct']) ?? top.length;
  const bars = top.slice(0, SHOWN);
  const rest = 1 - bars.reduce((sum, bar) => sum + bar.share, 0);
  if (distinct > bars.length && rest > 0) {
    bars.push({ share: rest, label: trans.__('others') });
  }
  const said = top
    .slice(0, 3)
    .map(bar => `${inline(bar.label, 24)} ${percent(bar.share)}`)
    .join(', ');
  const count = trans._n('%1 value', '%1 different values', distinct);
  const words = [said, count, missing(profile, trans)].filter(text => text !== '').join(', ');
  return { kind: 'categories', bars, words };
}

function missing(profile: JsonObject, trans: TranslationBundle): string {
  const nulls = asNumber(profile['nulls']) ?? 0;
  return nulls > 0 ? trans.__('%1 missing', percent(nulls)) : '';
}

/** A share as people read it. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 || value === 0 ? Math.round(value) : value.toPrecision(2)} %`;
}

const UNITS_MS: { [unit: string]: number } = { s: 1e3, ms: 1, us: 1e-3, ns: 1e-6, D: 864e5 };

function pointText(kind: string, value: number): string {
  const found = /^(time|span)\[(\w+)\]$/.exec(kind);
  const unit = found ? UNITS_MS[found[2]] : undefined;
  if (found === null || unit === undefined) {
    return numberText(value);
  }
  if (found[1] === 'span') {
    return `${numberText((value * unit) / 1000)} s`;
  }
  const date = new Date(value * unit);
  return Number.isNaN(date.getTime()) ? numberText(value) : date.toISOString().slice(0, 10);
}
