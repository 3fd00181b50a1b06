/** The body of the restore dialog as a widget, which keeps the choice. */
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import { RestoreView } from './body-view';
import { Before, Choice } from './choice';

/** The body as a widget of a dialog; its value is the choice. */
export class RestoreBody extends ReactWidget {
  constructor(
    private readonly _before: Before,
    private _choice: Choice,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-snapbook');
    this.addClass('jp-snapbook-Restore');
  }

  /** Emitted after the choice has changed. */
  get changed(): ISignal<this, Choice> {
    return this._changed;
  }

  /** The choice; the dialog asks for it when it closes. */
  getValue(): Choice {
    return this._choice;
  }

  override dispose(): void {
    Signal.clearData(this);
    super.dispose();
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this._changed}>
        {() => (
          <RestoreView
            before={this._before}
            choice={this._choice}
            trans={this._trans}
            onChoose={choice => {
              this._choice = choice;
              this._changed.emit(choice);
            }}
          />
        )}
      </UseSignal>
    );
  }

  private readonly _changed = new Signal<this, Choice>(this);
}
