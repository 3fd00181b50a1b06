/** The diff tab as a Lumino widget: two versions of one place, or one and the live session. */
import * as React from 'react';

import { folds } from '../common/folds';
import { Tab, type TabOptions } from '../common/tab';
import { inline, middle } from '../common/text';
import { DiffModel, Live } from './model';
import { DiffView, StopRendering } from './view';

/** What a diff tab is made from. Without `new`: `old` against the version before it. */
export interface DiffOptions extends TabOptions {
  old: string;
  new?: string;
  /** Compares with the live session; absent where there is no kernel. */
  live?: Live;
}

/** A comparison. Its title follows what is compared. */
export class DiffTab extends Tab<DiffModel, DiffOptions> {
  constructor(options: DiffOptions) {
    const { client, path, old, live } = options;
    super(new DiffModel(client, path, old, options.new, live), options, 'jp-snapbook-Diff');
  }

  /** The two sides: as asked for, or as they were resolved; `new` is empty until it is known. */
  get old(): string {
    return this.model.old;
  }

  get new(): string {
    return this.model.new;
  }

  /** Go to the next (1) or previous (-1) change. */
  move(by: 1 | -1): void {
    this.model.move(by);
  }

  /** Show or hide the outputs of changed cells. */
  toggleOutputs(): void {
    this.model.setOutputs(!this.model.outputs);
  }

  /** One under the other, or side by side. */
  toggleSideBySide(): void {
    this.model.setSideBySide(!this.model.sideBySide);
  }

  /** Exchange the two sides. */
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
    this.options.actions.backToRow(this.path, now === '' || now === 'now' ? old : now);
  }

  protected names(): { label: string; caption: string } {
    const { trans } = this.options;
    const [old, now] = [this.old, this.new].map(ref => middle(ref, 60));
    return {
      label: now === '' ? old : `${old} → ${now.slice(now.lastIndexOf(':') + 1)}`,
      caption: trans.__('%1 compared with %2 (%3)', old, now, inline(this.path))
    };
  }

  protected view(): JSX.Element {
    const { trans, actions } = this.options;
    return (
      <DiffView
        id={this.ownId}
        model={this.model}
        folds={folds}
        trans={trans}
        actions={actions}
        stopping={this._stopping}
      />
    );
  }

  private readonly _stopping: { current: StopRendering | null } = { current: null };
}
