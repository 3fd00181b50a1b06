/** The diff tab as a Lumino widget: two versions of one place, or one and the live session. */
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { folds } from '../common/folds';
import { inline } from '../common/text';
import type { Source } from '../common/source';
import type { PageActions } from '../tokens';
import { DiffModel, Live } from './model';
import { DiffView, StopRendering } from './view';

/** What a diff tab is made from. Without `new`: `old` against the version before it. */
export interface DiffOptions {
  client: Source;
  path: string;
  old: string;
  new?: string;
  trans: TranslationBundle;
  actions: PageActions;
  /** Compares with the live session; absent where there is no kernel. */
  live?: Live;
}

/** A comparison. Its title follows what is compared. */
export class DiffTab extends ReactWidget {
  constructor(options: DiffOptions) {
    super();
    const { client, path, old, live } = options;
    this._options = options;
    this.model = new DiffModel(client, path, old, options.new, live);
    this.addClass('jp-snapbook');
    this.addClass('jp-snapbook-Diff');
    this.node.tabIndex = -1;
    this.title.closable = true;
    this._name();
    this.model.changed.connect(this._name, this);
    void this.model.load();
  }

  readonly model: DiffModel;

  get path(): string {
    return this.model.path;
  }

  /** The two sides: as asked for, or as they were resolved; `new` is empty until it is known. */
  get old(): string {
    return this.model.old;
  }

  get new(): string {
    return this.model.new;
  }

  /** Compare again: something changed. */
  refresh(): void {
    void this.model.load();
  }

  /** Go to the next (1) or previous (-1) change. */
  move(by: 1 | -1): void {
    this.model.move(by);
  }

  toggleOutputs(): void {
    this.model.setOutputs(!this.model.outputs);
  }

  toggleSideBySide(): void {
    this.model.setSideBySide(!this.model.sideBySide);
  }

  swap(): void {
    if (this.model.new !== '') {
      void this.model.swap();
    }
  }

  /** Escape: stop what is under way, else go back to the list row. */
  back(): void {
    if (this.model.cancel() || this._stopping.current?.()) {
      return;
    }
    const { old, new: now } = this.model;
    this._options.actions.backToRow(this.path, now === '' || now === 'now' ? old : now);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.model.dispose();
      super.dispose();
    }
  }

  protected override onActivateRequest(_: Message): void {
    if (!this.node.contains(document.activeElement)) {
      (this.node.querySelector<HTMLElement>('.jp-snapbook-Scroller') ?? this.node).focus();
    }
  }

  protected render(): JSX.Element {
    const { trans, actions } = this._options;
    return (
      <UseSignal signal={this.model.changed}>
        {() => (
          <UseSignal signal={folds.changed}>
            {() => (
              <DiffView
                id={this._id}
                model={this.model}
                folds={folds}
                trans={trans}
                actions={actions}
                stopping={this._stopping}
              />
            )}
          </UseSignal>
        )}
      </UseSignal>
    );
  }

  private _name(): void {
    const { trans } = this._options;
    const [old, now] = [this.model.old, this.model.new].map(ref => inline(ref, 120));
    this.title.label = now === '' ? old : `${old} → ${now.slice(now.lastIndexOf(':') + 1)}`;
    this.title.caption = trans.__('%1 compared with %2 (%3)', old, now, inline(this.path));
  }

  private readonly _options: DiffOptions;
  private readonly _id = `jp-snapbook-diff-${++made}`;
  private readonly _stopping: { current: StopRendering | null } = { current: null };
}

let made = 0;
