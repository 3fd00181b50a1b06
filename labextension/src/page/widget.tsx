/** The version page as a Lumino widget: one version of one place. */
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import { folds } from '../common/folds';
import { Tab, type TabOptions } from '../common/tab';
import { inline, middle } from '../common/text';
import { PageModel } from './model';
import { toggleOutputs, toSection } from './moves';
import { PageView } from './page';

/** What a page is made from. */
export interface PageOptions extends TabOptions {
  ref: string;
}

/** A page of a version. Its title follows what is shown. */
export class VersionPage extends Tab<PageModel, PageOptions> {
  constructor(options: PageOptions) {
    const { client, path, ref } = options;
    super(new PageModel(client, path, ref), options, 'jp-snapbook-Page');
  }

  /** Emitted when another version is shown on this page. */
  get refChanged(): ISignal<this, string> {
    return this._refChanged;
  }

  /** The version that is shown. */
  get ref(): string {
    return this.model.ref;
  }

  /** Show the version before this one. */
  older(): void {
    this._show(this.model.older());
  }

  /** Show the version after this one. */
  async newer(): Promise<void> {
    this._show(await this.model.newer());
  }

  /** Compare with the version before it. */
  diff(): void {
    const before = this.model.older();
    if (before !== null) {
      this.options.actions.openDiff(this.path, before, this.ref);
    }
  }

  /** Go to the next (1) or previous (-1) section. */
  section(by: 1 | -1): void {
    toSection(this.node, by);
  }

  /** Open or close all outputs of the cells that are shown. */
  toggleOutputs(): void {
    toggleOutputs(this.node);
  }

  /** Back to the list row. */
  back(): void {
    this.options.actions.backToRow(this.path, this.ref);
  }

  protected names(): { label: string; caption: string } {
    const label = middle(this.ref, 60);
    const caption = this.options.trans.__('Version %1 (%2)', label, inline(this.path));
    return { label, caption };
  }

  protected view(): JSX.Element {
    const { trans, actions } = this.options;
    return (
      <PageView
        id={this.ownId}
        model={this.model}
        folds={folds}
        trans={trans}
        actions={actions}
      />
    );
  }

  private _show(ref: string | null): void {
    if (ref !== null) {
      void this.model.show(ref);
      this._refChanged.emit(ref);
    }
  }

  private readonly _refChanged = new Signal<this, string>(this);
}
