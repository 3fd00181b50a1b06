/** The status bar's item: which version this session stands on, and how far it has moved since. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Model } from './model';

/** "churn:0.3.1, 2 cells changed since"; "" where there is nothing to say. */
export function statusText(model: Model, trans: TranslationBundle): string {
  if (model.queue.label !== '') {
    return model.queue.label;
  }
  if (model.queue.running) {
    return trans.__('Snapshot…');
  }
  const status = model.kernel?.status ?? null;
  if (status === null || status.parent === '') {
    return '';
  }
  const count = status.changed_cells;
  return count === 0
    ? status.parent
    : trans._n('%2, %1 cell changed since', '%2, %1 cells changed since', count, status.parent);
}

export class StatusItem extends ReactWidget {
  constructor(
    private readonly model: Model,
    private readonly trans: TranslationBundle,
    private readonly onClick: () => void
  ) {
    super();
    this.addClass('jp-snapbook');
    this.addClass('jp-snapbook-statusitem');
  }

  protected override render(): JSX.Element {
    return (
      <UseSignal signal={this.model.changed}>
        {() => {
          const text = statusText(this.model, this.trans);
          return text === '' ? null : (
            <button
              type="button"
              title={this.trans.__('Snapbook: compare now with this version')}
              onClick={this.onClick}
            >
              {text}
            </button>
          );
        }}
      </UseSignal>
    );
  }
}
