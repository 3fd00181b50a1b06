/**
 * What the version page and the diff tab have in common as Lumino widgets: they follow a model and
 * the folds, are named by what they show, and give the keyboard to their scroller.
 */
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import { type ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import type { PageActions } from '../tokens';
import { folds } from './folds';
import type { Source } from './source';

/** What any tab is made from. */
export interface TabOptions {
  client: Source;
  path: string;
  trans: TranslationBundle;
  actions: PageActions;
}

/** What a tab shows: it says when it changed and can be fetched again. */
export interface TabModel extends IDisposable {
  readonly path: string;
  readonly changed: ISignal<unknown, void>;
  load(): Promise<void>;
}

/** A tab that shows a model. */
export abstract class Tab<M extends TabModel, O extends TabOptions> extends ReactWidget {
  constructor(
    readonly model: M,
    protected readonly options: O,
    className: string
  ) {
    super();
    this.addClass('jp-snapbook');
    this.addClass(className);
    this.node.tabIndex = -1;
    this.title.closable = true;
    this.ownId = `${className}-${++made}`;
    this.follow();
    model.changed.connect(this.follow, this);
    void model.load();
  }

  /** The notebook's path. */
  get path(): string {
    return this.model.path;
  }

  /** Fetch again: something changed in this place. */
  refresh(): void {
    void this.model.load();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.model.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  /** The label of the tab, and what is said when the mouse is on it. */
  protected abstract names(): { label: string; caption: string };

  /** What is shown, whatever the model's state. */
  protected abstract view(): JSX.Element;

  protected override onActivateRequest(_: Message): void {
    if (!this.node.contains(document.activeElement)) {
      (this.node.querySelector<HTMLElement>('.jp-snapbook-Scroller') ?? this.node).focus();
    }
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this.model.changed}>
        {() => <UseSignal signal={folds.changed}>{() => this.view()}</UseSignal>}
      </UseSignal>
    );
  }

  /** Unique in the document. */
  protected readonly ownId: string;

  private follow(): void {
    Object.assign(this.title, this.names());
  }
}

let made = 0;
