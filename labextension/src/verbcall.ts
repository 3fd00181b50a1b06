/**
 * A call of any verb of the server's table, and what it answers, in words. Pure.
 *
 * Knows the shape of a verb, none by name.
 */
import type { Json, JsonObject, VerbArgument, VerbInfo } from './types';

/** What was filled in: positionals in order, options by name. */
export interface Filled {
  args: string[];
  options: JsonObject;
}

/** Arguments that every verb takes, or that the dialog itself stands for. */
const COMMON = new Set(['json', 'debug', 'help', 'quiet', 'dry_run', 'yes', 'strict']);

/** The arguments that a person fills in. */
export function askable(verb: VerbInfo): VerbArgument[] {
  return verb.arguments.filter(argument => !COMMON.has(argument.name));
}

/** Whether the verb can say what it would do. */
export function hasPreview(verb: VerbInfo): boolean {
  return verb.changes && verb.arguments.some(argument => argument.name === 'dry_run');
}

/** The values of the fields as a call. What is empty is left out. */
export function filled(verb: VerbInfo, values: { [name: string]: string | boolean }): Filled {
  const args: string[] = [];
  const options: JsonObject = {};
  for (const { name, many, positional } of askable(verb)) {
    const value = values[name];
    if (value === undefined || value === '' || value === false) {
      continue;
    }
    const several = many === '*' || many === '+' || many === 'append';
    const words = value === true ? [] : several && name !== 'text' ? value.split(/\s+/) : [value];
    if (positional) {
      args.push(...words);
    } else {
      options[name] = value === true ? true : several ? (words as Json[]) : value;
    }
  }
  return { args, options };
}

/** The call as words of a command line, for a kernel. */
export function wordsOf({ args, options }: Filled): string[] {
  const words = [...args];
  for (const [name, value] of Object.entries(options)) {
    const option = `--${name.replace(/_/g, '-')}`;
    if (value === true) {
      words.push(option);
    } else {
      for (const item of Array.isArray(value) ? value : [value]) {
        words.push(`${option}=${String(item)}`);
      }
    }
  }
  return words;
}

/** "Teleport: churn:0.1.0": what a verb does, and to what. */
export function titleOf(verb: VerbInfo, args: readonly string[]): string {
  return args.length === 0 ? verb.label : `${verb.label.replace(/…$/, '')}: ${args.join(' ')}`;
}

/** What the button of a verb's form says, before it is known of what: "Promote". */
export function buttonOf(verb: VerbInfo): string {
  return verb.button.split(' {')[0] || verb.label;
}

/**
 * What the button says that does it: "Promote churn:1.5.0 to production", where the table's word
 * is "Promote {ref} to {alias}". One that names what was not given says the act alone.
 */
export function namedButton(verb: VerbInfo, { args, options }: Filled): string {
  const places = verb.arguments.filter(argument => argument.positional);
  let whole = true;
  const said = verb.button.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = options[name] ?? args[places.findIndex(place => place.name === name)];
    whole &&= typeof value === 'string' && value !== '';
    return String(value);
  });
  return whole && said !== '' ? said : buttonOf(verb);
}

/** Whether a preview of freeing says that there is nothing to free. */
export function freesNothing(value: Json): boolean {
  return (
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    [value.bytes, value.packs, value.debris].every(count => count === 0)
  );
}

/** A verb's value in lines, for verbs that answer with data only. */
export function linesOf(value: Json): string[] {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const { lines } = value;
    if (Array.isArray(lines)) {
      return lines.map(String);
    }
    return Object.entries(value).map(([name, item]) => `${name}  ${text(item)}`);
  }
  return [text(value)];
}

function text(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
