/**
 * The parts of a version, found and narrowed for the page.
 *
 * Parts hold facts of any shape; here they become records that components can trust.
 */
import { asList, asNumber, asObject, asText } from '../common/values';
import type { JsonObject, Part, Version } from '../types';

/** The first part of a kind, or undefined. */
export function partOf(version: Version, kind: string): Part | undefined {
  return version.parts.find(part => part.kind === kind);
}

/** One file of a part: attached, read or a local module. */
export interface FileFacts {
  path: string;
  size: number;
  digest: string;
  type: string;
  /** Whether its text can be shown: the bytes, or a searchable text, are kept. */
  kept: boolean;
  outside: boolean;
}

/** Files of a part of kind files. */
export function filesOf(part: Part): FileFacts[] {
  return asList(part.facts['files']).map(item => {
    const facts = asObject(item);
    return {
      path: asText(facts['path']),
      size: asNumber(facts['size']) ?? 0,
      digest: asText(facts['digest']),
      type: asText(facts['type']),
      kept: asList(facts['blobs']).length > 0,
      outside: facts['outside'] === true
    };
  });
}

/** The parameters of the model: set by hand, and left at their defaults. */
export function paramsOf(version: Version): { set: JsonObject; rest: JsonObject } {
  const model = partOf(version, 'model');
  const params = partOf(version, 'params');
  const chosen = new Set([
    ...asList(params?.facts['set']).map(asText),
    ...asList(model?.facts['set_params']).map(asText)
  ]);
  const all = { ...asObject(params?.facts['values']), ...asObject(model?.facts['params']) };
  const set: JsonObject = {};
  const rest: JsonObject = {};
  for (const [name, value] of Object.entries(all)) {
    (chosen.has(name) ? set : rest)[name] = value;
  }
  return { set, rest };
}

/** Metrics in the order in which they were given, the main one first. */
export function metricNames(version: Version): string[] {
  const names = Object.keys(version.row.metrics);
  const order = asList(partOf(version, 'metrics')?.facts['order']).map(asText);
  const ranked = [version.row.main, ...order, ...names];
  return [...new Set(ranked)].filter(name => names.includes(name));
}
