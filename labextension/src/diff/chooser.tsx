/** One side of a diff: a field that takes any reference and offers the newest. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { inline } from '../common/text';

/** A labelled field; Enter or leaving it chooses, Escape takes the typing back. */
export function Chooser(props: {
  label: string;
  value: string;
  suggestions: readonly string[];
  onChoose: (ref: string) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { label, value, suggestions, onChoose, trans } = props;
  const [text, setText] = React.useState(value);
  const list = React.useId();
  React.useEffect(() => setText(value), [value]);
  const choose = (): void => {
    const wanted = text.trim();
    if (wanted !== '' && wanted !== value) {
      onChoose(wanted);
    } else {
      setText(value);
    }
  };
  return (
    <label className="jp-snapbook-Chooser">
      <span>{label}</span>
      <input
        // Single letters are shortcuts everywhere else on the tab.
        data-lm-suppress-shortcuts="true"
        className="jp-mod-styled"
        spellCheck={false}
        list={list}
        value={text}
        title={trans.__('A version, such as %1, an alias, or now', 'churn:0.2.0')}
        size={Math.min(40, Math.max(14, text.length + 1))}
        onChange={event => {
          setText(event.currentTarget.value);
          // A suggestion that was clicked comes in one piece.
          if (suggestions.includes(event.currentTarget.value) && isPicked(event)) {
            onChoose(event.currentTarget.value);
          }
        }}
        onBlur={choose}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            choose();
          } else if (event.key === 'Escape') {
            event.stopPropagation();
            setText(value);
          }
        }}
      />
      <datalist id={list}>
        {suggestions.map(ref => (
          <option key={ref} value={inline(ref)} />
        ))}
      </datalist>
    </label>
  );
}

function isPicked(event: React.ChangeEvent<HTMLInputElement>): boolean {
  const native = event.nativeEvent;
  return !(native instanceof InputEvent) || native.inputType === 'insertReplacementText';
}
