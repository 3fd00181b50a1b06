/** A version that a rule took back by itself: it stands there until it is put away. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { withFocus } from '../common/focus';
import type { Folds } from '../common/folds';
import { inline } from '../common/text';
import { valueText } from '../format';
import type { Deployed } from './types';
import { shortRef, takenBack, takenBackText } from './words';

export function Banner(props: {
  told: Deployed;
  folds: Folds;
  now: number;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { told, folds, now, trans } = props;
  const [open, setOpen] = React.useState(false);
  const id = React.useId();
  const rollout = takenBack(told);
  if (rollout === null) {
    return null;
  }
  const key = `rolled-back ${told.model} ${told.alias} ${rollout.n} ${rollout.ended}`;
  if (!folds.isOpen(key, true)) {
    return null;
  }
  const { evidence, seen = [] } = rollout;
  return (
    <div className="jp-snapbook-notice jp-mod-warn jp-snapbook-Production-banner">
      <p role="alert">{takenBackText(rollout, now, trans)}</p>
      <div className="jp-snapbook-steps">
        <button
          type="button"
          className="jp-snapbook-link"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          {trans.__('Evidence')}
        </button>
        <button
          type="button"
          className="jp-snapbook-link"
          onClick={event => withFocus(event.currentTarget, () => folds.set(key, false))}
        >
          {trans.__('Dismiss')}
        </button>
      </div>
      <ul id={id} className="jp-snapbook-Plain" hidden={!open}>
        <li>
          {trans.__(
            '%1 was taken back at step %2 of %3, with %4 percent of the requests.',
            shortRef(rollout.candidate.ref),
            rollout.step,
            rollout.of,
            valueText(rollout.steps[rollout.step - 1] ?? rollout.share)
          )}
        </li>
        {seen.map((line, at) => (
          <li key={at}>{inline(line, 600)}</li>
        ))}
        {seen.length === 0 && rollout.rules !== '' && (
          <li>{trans.__('Its rules: %1', inline(rollout.rules, 1000))}</li>
        )}
        {evidence !== '' && (
          <li>
            {trans.__('kept as evidence:')} <code>{inline(evidence, 80)}</code>
          </li>
        )}
      </ul>
    </div>
  );
}
