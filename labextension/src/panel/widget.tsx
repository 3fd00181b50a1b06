/**
 * The panel as a widget of the left area. While it is hidden it draws nothing and asks nothing.
 */
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { folds } from '../common/folds';
import { snapbookIcon } from '../icons';
import type { Model } from '../model';
import type { Settings } from '../settings';
import type { Acts } from './acts';
import type { ListHandle } from './list';
import { Panel } from './panel';

/** Ages in sight are told anew this often. */
const MINUTE_MS = 60000;

export interface PanelOptions {
  model: Model;
  settings: () => Settings;
  acts: Acts;
  trans: TranslationBundle;
}

export class SnapbookPanel extends ReactWidget {
  private readonly list = React.createRef<ListHandle>();
  private timer = 0;
  private wanted = false;
  private toSearch = false;
  /** Whether the panel has ever been seen: before that nothing is drawn, nor counts as late. */
  private opened = false;

  constructor(private readonly options: PanelOptions) {
    super();
    this.id = 'snapbook-panel';
    this.addClass('jp-snapbook-widget');
    this.title.icon = snapbookIcon;
    this.title.caption = options.trans.__('Snapbook: versions of your models');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', options.trans.__('Snapbook'));
    options.model.revealed.connect((_, ref) => this.list.current?.reveal(ref, false));
  }

  /** Put the keyboard onto a version's row. */
  focusRow(ref: string): void {
    void this.options.model.reveal(ref).then(() => this.list.current?.reveal(ref, true));
  }

  /** The next time the panel is activated the keyboard goes into the search line. */
  searchNext(): void {
    this.toSearch = true;
  }

  protected override render(): JSX.Element {
    const { model, settings, acts, trans } = this.options;
    if (!this.opened) {
      return <></>;
    }
    return (
      <UseSignal signal={model.changed}>
        {() => (
          <UseSignal signal={folds.changed}>
            {() => (
              <Panel
                model={model}
                settings={settings()}
                acts={acts}
                now={Date.now()}
                list={this.list}
                onShown={() => this.onShown()}
                trans={trans}
              />
            )}
          </UseSignal>
        )}
      </UseSignal>
    );
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.setSeen(true);
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.setSeen(false);
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.setSeen(this.isVisible);
  }

  protected override onBeforeDetach(message: Message): void {
    this.setSeen(false);
    super.onBeforeDetach(message);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (!this.takeKeyboard()) {
      this.node.focus();
      this.wanted = true;
    }
  }

  /** Into the search line where that was asked for, else onto the row; whether either is there. */
  private takeKeyboard(): boolean {
    const search = this.node.querySelector<HTMLElement>('input[type="search"]');
    if (this.toSearch && search !== null) {
      this.toSearch = false;
      search.focus();
      return true;
    }
    this.list.current?.reveal(this.options.model.chosen.active, true);
    return this.list.current !== null;
  }

  /** The first rows take the keyboard, if the panel was activated before they were there. */
  private onShown(): void {
    if (this.wanted && document.activeElement === this.node) {
      this.takeKeyboard();
    }
    this.wanted = false;
  }

  private setSeen(seen: boolean): void {
    window.clearInterval(this.timer);
    if (seen) {
      this.opened = true;
      this.timer = window.setInterval(() => this.update(), MINUTE_MS);
      this.update();
    }
    this.options.model.setVisible(seen);
  }
}
