/** The head of the panel: which model, which notebook, further acts. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon, HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

export interface HeaderProps {
  model: string;
  models: readonly string[];
  notebook: string;
  path: string;
  trans: TranslationBundle;
  onModel(model: string): void;
  onMenu(below: DOMRect): void;
}

export function Header(props: HeaderProps): JSX.Element {
  const { trans } = props;
  const models =
    props.model === '' || props.models.includes(props.model)
      ? props.models
      : [props.model, ...props.models];
  return (
    <header className="jp-snapbook-header">
      <div className="jp-snapbook-title">
        <h2>{trans.__('Snapbook')}</h2>
        <button
          type="button"
          className="jp-snapbook-icon"
          aria-label={trans.__('More acts')}
          aria-haspopup="menu"
          title={trans.__('More acts')}
          onClick={event => props.onMenu(event.currentTarget.getBoundingClientRect())}
        >
          <ellipsesIcon.react tag="span" />
        </button>
      </div>
      <div className="jp-snapbook-which">
        {models.length > 0 && (
          <HTMLSelect
            className="jp-snapbook-model"
            aria-label={trans.__('Model')}
            value={props.model}
            onChange={event => props.onModel(event.currentTarget.value)}
          >
            {models.map(name => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
            <option value="">{trans.__('All models')}</option>
          </HTMLSelect>
        )}
        <span className="jp-snapbook-notebook" title={props.path}>
          {props.notebook}
        </span>
      </div>
    </header>
  );
}
