/** How much better or worse a metric is, with its sign and in words. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Judgement } from '../common/said';
import { deltaText } from '../common/values';
import type { Delta } from '../panel/row';

export function DeltaText(props: { delta: Delta; trans: TranslationBundle }): JSX.Element | null {
  const { delta, better } = props.delta;
  return delta === null ? null : (
    <span className="jp-snapbook-Delta">
      {' '}
      {deltaText(delta)} <Judgement better={better} trans={props.trans} />
    </span>
  );
}
