/** Where a changed cell stands, in the brackets that a notebook shows. Pure. */
import { asNumber } from '../common/values';
import type { Change } from '../types';
import { isCell } from './sections';

/** The brackets of a cell on both sides: "[4] → [6]", "[9]". */
export function place(change: Change): string {
  if (!isCell(change)) {
    return change.name;
  }
  const [old, now] = [asNumber(change.old), asNumber(change.new)];
  if (old !== null && now !== null && old !== now) {
    return `[${old}] → [${now}]`;
  }
  const number = /^cell (\d+)$/.exec(change.name)?.[1];
  return now !== null ? `[${now}]` : number !== undefined ? `[${number}]` : change.name;
}
