/**
 * Commands for the verbs of the server's table, `snapbook:verb-NAME`: a verb that the core learns
 * is in the palette and in the panel's menu without a line here.
 */
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { DisposableSet } from '@lumino/disposable';
import { CATEGORY, target, type Room } from './commands';
import { CommandIDs } from './tokens';
import type { VerbInfo } from './types';

/** Verbs that have a command of their own, with a place and a dialog made for them. */
const OWN = new Set(['save', 'list', 'show', 'diff', 'restore', 'help']);
/** Of the others, those that the palette already has under another name. */
const KNOWN = new Set([
  'note',
  'tag',
  'rename',
  'delete',
  'verify',
  'gc',
  'export',
  'review',
  'monitor'
]);

/** Register the verbs. Disposing takes them away, for when the server's table changes. */
export function addVerbs(room: Room, verbs: readonly VerbInfo[]): DisposableSet {
  const { app, running, model, palette, trans } = room;
  const set = new DisposableSet();
  for (const verb of verbs.filter(({ name }) => !OWN.has(name))) {
    const id = CommandIDs.verb(verb.name);
    set.add(
      app.commands.addCommand(id, {
        label: trans.__('Snapbook: %1', verb.label),
        caption: verb.help,
        isEnabled: () => verb.place !== 'kernel' || model.kernel?.state === 'ready',
        execute: args =>
          running.verb(model.path, verb, given(room, verb, args), Array.isArray(args.args)),
        describedBy: {
          args: {
            type: 'object',
            properties: { args: { type: 'array', items: { type: 'string' } } }
          }
        }
      })
    );
    if (palette !== null && !KNOWN.has(verb.name)) {
      set.add(palette.addItem({ command: id, category: trans.__(CATEGORY) }));
    }
  }
  return set;
}

/** What a verb is about, where nothing is said: the row that the keyboard is on, or the model. */
function given(room: Room, verb: VerbInfo, args: ReadonlyPartialJSONObject): string[] {
  if (Array.isArray(args.args)) {
    return args.args.map(String);
  }
  if (verb.on === 'version') {
    const found = target(room, args);
    return found === null ? [] : [found.ref];
  }
  return verb.on === 'model' && room.model.model !== '' ? [room.model.model] : [];
}

/** The further verbs, for the panel's menu. */
export function furtherVerbs(verbs: readonly VerbInfo[]): VerbInfo[] {
  return verbs.filter(({ name }) => !OWN.has(name) && !KNOWN.has(name));
}
