/** How far a rollout is: its steps as a line, what comes next beside it; in words for readers. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { valueText } from '../format';
import type { Rollout } from './types';
import { nextText, shortRef, stepText } from './words';

export function Steps(props: {
  rollout: Rollout;
  /** Seconds since it was told. */
  passed_s: number;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { rollout, passed_s, trans } = props;
  if (rollout.steps.length < 2) {
    return null;
  }
  return (
    <div className="jp-snapbook-Steps">
      <div
        role="progressbar"
        aria-label={trans.__('Requests that %1 answers', shortRef(rollout.candidate.ref))}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={rollout.share}
        aria-valuetext={stepText(rollout, passed_s, trans)}
      >
        <ol aria-hidden="true">
          {rollout.steps.map((share, at) => (
            <li
              key={at}
              className={
                at + 1 < rollout.step
                  ? 'jp-mod-past'
                  : at + 1 === rollout.step
                    ? 'jp-mod-now'
                    : undefined
              }
            >
              <span className="jp-snapbook-Steps-mark">
                {at + 1 < rollout.step ? '●' : at + 1 === rollout.step ? '◐' : '○'}
              </span>
              {valueText(share)}
            </li>
          ))}
        </ol>
      </div>
      <span className="jp-snapbook-Quiet" aria-hidden="true">
        {nextText(rollout, passed_s, trans)}
      </span>
    </div>
  );
}
