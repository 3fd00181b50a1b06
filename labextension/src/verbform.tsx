/**
 * A dialog for any verb of the server's table: its arguments as fields, its button named.
 *
 * So a verb that the core learns needs no new code here. Knows the shape of a verb, none by name.
 */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
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

/** Ask for a verb's arguments; null where it was cancelled. `given` fills the first positionals. */
export async function askVerb(
  verb: VerbInfo,
  given: readonly string[],
  trans: TranslationBundle
): Promise<Filled | null> {
  const body = new VerbForm(verb, given);
  const result = await showDialog({
    title: verb.label,
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: verb.button || verb.label })
    ],
    focusNodeSelector: 'input, select'
  });
  return result.button.accept ? filled(verb, body.values) : null;
}

class VerbForm extends ReactWidget {
  readonly values: { [name: string]: string | boolean } = {};

  constructor(
    private readonly verb: VerbInfo,
    given: readonly string[]
  ) {
    super();
    this.addClass('jp-snapbook');
    this.addClass('jp-snapbook-verbform');
    const places = askable(verb).filter(argument => argument.positional);
    given.forEach((word, index) => {
      const place = places[Math.min(index, places.length - 1)];
      if (place !== undefined) {
        const before = this.values[place.name];
        this.values[place.name] = typeof before === 'string' ? `${before} ${word}` : word;
      }
    });
  }

  protected override render(): JSX.Element {
    return (
      <>
        <p>{this.verb.help}</p>
        {askable(this.verb).map(argument => (
          <Field
            key={argument.name}
            argument={argument}
            initial={this.values[argument.name] ?? argument.default}
            onChange={value => {
              this.values[argument.name] = value;
            }}
          />
        ))}
      </>
    );
  }
}

interface FieldProps {
  argument: VerbArgument;
  initial: Json;
  onChange(value: string | boolean): void;
}

function Field({ argument, initial, onChange }: FieldProps): JSX.Element {
  const { name, help, many, choices, metavar } = argument;
  const label = name.replace(/_/g, ' ');
  if (many === 'flag') {
    return (
      <label className="jp-snapbook-check" title={help}>
        <input
          type="checkbox"
          defaultChecked={initial === true}
          onChange={event => onChange(event.currentTarget.checked)}
        />
        <span>
          {label} <small>{help}</small>
        </span>
      </label>
    );
  }
  const text = typeof initial === 'string' ? initial : '';
  return (
    <label>
      <span>{label}</span>
      {choices.length > 0 ? (
        <select defaultValue={text} onChange={event => onChange(event.currentTarget.value)}>
          <option value="" />
          {choices.map(choice => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input
          type="text"
          className="jp-mod-styled"
          defaultValue={text}
          placeholder={metavar}
          onChange={event => onChange(event.currentTarget.value)}
        />
      )}
      <small>{help}</small>
    </label>
  );
}
