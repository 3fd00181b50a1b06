/** How long an alias pointed somewhere, on one line. Function of props. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Moment, Said } from '../common/said';
import type { Stay } from './types';
import { numberText } from './words';

export function StayLine(props: {
  stay: Omit<Stay, 'manifest'>;
  trans: TranslationBundle;
  onOpen(ref: string): void;
}): JSX.Element {
  const { stay, trans, onOpen } = props;
  return (
    <>
      {stay.ref ? (
        <button type="button" className="jp-snapbook-Link" onClick={() => onOpen(stay.ref)}>
          {numberText(stay.ref, trans)}
        </button>
      ) : (
        trans.__('nothing')
      )}{' '}
      <Moment time={stay.since} /> – {stay.until ? <Moment time={stay.until} /> : trans.__('now')}
      {', '}
      <Said text={stay.author} longest={60} />
      {stay.way && `, ${stay.way === 'rollback' ? trans.__('rolled back') : trans.__('promoted')}`}
      {stay.text && (
        <>
          {': '}
          <Said text={stay.text} longest={400} />
        </>
      )}
    </>
  );
}
