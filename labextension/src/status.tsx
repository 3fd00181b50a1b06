/** The status bar's item: which version this session stands on, and how far it has moved since. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Model } from './model';
import { NameView } from './panel/name';

/** What is told: the model's name, which may be cut in its middle, and what follows it. */
export interface Standing {
  name: string;
  rest: string;
}

/** "churn" ":0.3.1, 2 cells changed since"; empty where there is nothing to say. */
export function standing(model: Model, trans: TranslationBundle): Standing {
  if (model.queue.label !== '') {
    return { name: '', rest: model.queue.label };
  }
  if (model.queue.running) {
    return { name: '', rest: trans.__('Snapshot…') };
  }
  const { parent = '', changed_cells: count = 0 } = model.kernel?.status ?? {};
  const at = parent.lastIndexOf(':');
  const rest = parent.slice(Math.max(0, at));
  return {
    name: parent.slice(0, Math.max(0, at)),
    rest:
      count === 0 || parent === ''
        ? rest
        : trans._n('%2, %1 cell changed since', '%2, %1 cells changed since', count, rest)
  };
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
          const { name, rest } = standing(this.model, this.trans);
          const act = this.trans.__('Snapbook: compare now with this version');
          return rest === '' ? null : (
            <button type="button" title={`${name}${rest}\n${act}`} onClick={this.onClick}>
              {name !== '' && <NameView name={name} />}
              <span className="jp-snapbook-said">{rest}</span>
            </button>
          );
        }}
      </UseSignal>
    );
  }
}
