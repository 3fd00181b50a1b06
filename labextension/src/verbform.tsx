/**
 * A dialog for any verb of the server's table: its arguments as fields, its button named.
 *
 * So a verb that the core learns needs no new code here.
 */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Json, VerbArgument, VerbInfo } from './types';
import { askable, buttonOf, filled, titleOf, type Filled } from './verbcall';

/** Ask for a verb's arguments; null where it was cancelled. `given` fills the first positionals. */
export async function askVerb(
  verb: VerbInfo,
  given: readonly string[],
  trans: TranslationBundle
): Promise<Filled | null> {
  const body = new VerbForm(verb, given);
  // What a field holds can be changed there, and is not said above it.
  const fields = askable(verb).some(({ positional }) => positional);
  const result = await showDialog({
    title: fields ? verb.label : titleOf(verb, given),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: buttonOf(verb) })
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
