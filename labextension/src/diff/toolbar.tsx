/** The diff tab's bar: both sides, how changes are shown, the way from one to the next, a copy. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { PageActions } from '../tokens';
import { Chooser } from './chooser';
import type { DiffModel } from './model';
import { asLines } from './sections';

interface ToolbarProps {
  model: DiffModel;
  trans: TranslationBundle;
  actions: PageActions;
}

/** What is compared and how it is shown; stays above the changes. */
export function Toolbar(props: ToolbarProps): JSX.Element {
  const { model, trans, actions } = props;
  const { compared, suggestions } = model;
  const text = (): string => (compared ? (compared.text ?? asLines(compared)).join('\n') : '');
  return (
    <div className="jp-snapbook-Diff-bar" role="group" aria-label={trans.__('What is compared')}>
      <Chooser
        label={trans.__('A')}
        value={model.old}
        suggestions={suggestions}
        onChoose={ref => void model.choose(ref, model.new)}
        trans={trans}
      />
      <button
        type="button"
        className="jp-snapbook-Button"
        title={trans.__('Exchange A and B (x)')}
        aria-label={trans.__('Exchange A and B')}
        disabled={model.new === ''}
        onClick={() => void model.swap()}
      >
        <span aria-hidden="true">⇄</span>
      </button>
      <Chooser
        label={trans.__('B')}
        value={model.new}
        suggestions={suggestions}
        onChoose={ref => void model.choose(model.old, ref)}
        trans={trans}
      />
      <div className="jp-snapbook-Diff-acts">
        <View {...props} />
        <Counter model={model} trans={trans} />
        <button
          type="button"
          className="jp-snapbook-Button"
          disabled={compared === null}
          onClick={() => actions.copy(text())}
        >
          {trans.__('Copy as text')}
        </button>
      </div>
    </div>
  );
}

/** How the changes are shown. */
function View(props: ToolbarProps): JSX.Element {
  const { model, trans } = props;
  return (
    <>
      <label className="jp-snapbook-Check" title={trans.__('Offer the outputs of changed cells (o)')}>
        <input
          type="checkbox"
          checked={model.outputs}
          onChange={event => model.setOutputs(event.currentTarget.checked)}
        />
        {trans.__('outputs')}
      </label>
      <label className="jp-snapbook-Check" title={trans.__('Old at the left, new at the right (s)')}>
        <input
          type="checkbox"
          checked={model.sideBySide}
          onChange={event => model.setSideBySide(event.currentTarget.checked)}
        />
        {trans.__('side by side')}
      </label>
    </>
  );
}

function Counter(props: { model: DiffModel; trans: TranslationBundle }): JSX.Element {
  const { model, trans } = props;
  const total = model.stops.length;
  const told =
    total === 0
      ? trans.__('no change')
      : model.current < 0
        ? trans._n('%1 change', '%1 changes', total)
        : trans.__('%1 of %2', model.current + 1, total);
  return (
    <span className="jp-snapbook-Counter" role="group" aria-label={trans.__('Changes')}>
      <button
        type="button"
        className="jp-snapbook-Button"
        aria-label={trans.__('Previous change')}
        title={trans.__('Previous change (p)')}
        disabled={total === 0}
        onClick={() => model.move(-1)}
      >
        <span aria-hidden="true">↑</span>
      </button>
      <span aria-live="polite">{told}</span>
      <button
        type="button"
        className="jp-snapbook-Button"
        aria-label={trans.__('Next change')}
        title={trans.__('Next change (n)')}
        disabled={total === 0}
        onClick={() => model.move(1)}
      >
        <span aria-hidden="true">↓</span>
      </button>
    </span>
  );
}
