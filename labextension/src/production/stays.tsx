/** What was live and when; or at one moment that is asked for. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { More } from '../common/more';
import { Disclosure } from '../common/section';
import { StayLine } from '../review/stay';
import type { Stay } from './types';

const FIRST = 5;

export interface StaysProps {
  history: readonly Stay[];
  trans: TranslationBundle;
  onOpen(ref: string): void;
}

/** Folded; newest first. */
export function Stays(props: StaysProps): JSX.Element | null {
  const { history, trans } = props;
  if (history.length === 0) {
    return null;
  }
  return (
    <Disclosure label={trans.__('What was live')}>{() => <Lines {...props} />}</Disclosure>
  );
}

function Lines({ history, trans, onOpen }: StaysProps): JSX.Element {
  const [when, setWhen] = React.useState('');
  const [whole, setWhole] = React.useState(false);
  const id = React.useId();
  const moment = Date.parse(when);
  const asked = !Number.isNaN(moment);
  const found = asked ? history.filter(stay => covers(stay, moment)) : history;
  const shown = whole || asked ? found : found.slice(0, FIRST);
  return (
    <div className="jp-snapbook-Production-stays">
      <label htmlFor={id}>{trans.__('at')}</label>
      <input
        id={id}
        type="datetime-local"
        className="jp-snapbook-input"
        data-lm-suppress-shortcuts="true"
        value={when}
        onChange={event => setWhen(event.currentTarget.value)}
      />
      <ol className="jp-snapbook-Plain" aria-label={trans.__('What was live')} aria-live="polite">
        {shown.map((stay, at) => (
          <li key={at}>
            <StayLine stay={stay} trans={trans} onOpen={onOpen} />
          </li>
        ))}
        {shown.length === 0 && (
          <li className="jp-snapbook-Quiet">{trans.__('Nothing was live then.')}</li>
        )}
      </ol>
      {shown.length < found.length && (
        <More onMore={() => setWhole(true)}>
          {trans.__('%1 earlier', found.length - shown.length)}
        </More>
      )}
    </div>
  );
}

/** Whether it was there at that moment: from its beginning on, until before its end. */
function covers({ since, until }: Stay, moment: number): boolean {
  return Date.parse(since) <= moment && (until === '' || moment < Date.parse(until));
}
