/** The version page as a Lumino widget: one version of one place. */
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import { folds } from '../common/folds';
import { inline } from '../common/text';
import type { Source } from '../common/source';
import type { PageActions } from '../tokens';
import { PageModel } from './model';
import { PageView } from './page';

/** What a page is made from. */
export interface PageOptions {
  client: Source;
  path: string;
  ref: string;
  trans: TranslationBundle;
  actions: PageActions;
}

/** A page of a version. Its title follows what is shown. */
export class VersionPage extends ReactWidget {
  constructor(options: PageOptions) {
    super();
    this._options = options;
    this.model = new PageModel(options.client, options.path, options.ref);
    this.addClass('jp-snapbook');
    this.addClass('jp-snapbook-Page');
    this.node.tabIndex = -1;
    this.title.closable = true;
    this._name();
    this.model.changed.connect(this._onChanged, this);
    void this.model.load();
  }

  readonly model: PageModel;

  /** Emitted when another version is shown on this page. */
  get refChanged(): ISignal<this, string> {
    return this._refChanged;
  }

  /** The notebook's path and the version that is shown. */
  get path(): string {
    return this.model.path;
  }

  get ref(): string {
    return this.model.ref;
  }

  /** Fetch again: something changed in this place. */
  refresh(): void {
    void this.model.load();
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
      this._options.actions.openDiff(this.path, before, this.ref);
    }
  }

  /** Go to the next (1) or previous (-1) section. */
  section(by: 1 | -1): void {
    const titles = [
      ...this.node.querySelectorAll<HTMLElement>('.jp-snapbook-Section-title > button')
    ];
    const at = titles.findIndex(title => title.closest('section')?.contains(document.activeElement));
    const next = titles[at < 0 ? (by > 0 ? 0 : titles.length - 1) : at + by];
    next?.focus();
    next?.scrollIntoView({ block: 'start' });
  }

  /** Open or close all outputs of the cells that are shown. */
  toggleOutputs(): void {
    const found = this.node.querySelectorAll<HTMLElement>(
      '.jp-snapbook-Cell-body > .jp-snapbook-Disclosure > button'
    );
    const closed = [...found].filter(button => button.getAttribute('aria-expanded') === 'false');
    (closed.length > 0 ? closed : [...found]).forEach(button => button.click());
  }

  /** Back to the list row. */
  back(): void {
    this._options.actions.backToRow(this.path, this.ref);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.model.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected override onActivateRequest(_: Message): void {
    const inside = this.node.contains(document.activeElement);
    const scroller = this.node.querySelector<HTMLElement>('.jp-snapbook-Scroller');
    if (!inside) {
      (scroller ?? this.node).focus();
    }
  }

  protected render(): JSX.Element {
    const { trans, actions } = this._options;
    return (
      <UseSignal signal={this.model.changed}>
        {() => (
          <UseSignal signal={folds.changed}>
            {() => (
              <PageView
                id={this._id}
                model={this.model}
                folds={folds}
                trans={trans}
                actions={actions}
              />
            )}
          </UseSignal>
        )}
      </UseSignal>
    );
  }

  private _show(ref: string | null): void {
    if (ref !== null) {
      void this.model.show(ref);
      this._refChanged.emit(ref);
    }
  }

  private _onChanged(): void {
    this._name();
  }

  private _name(): void {
    const ref = inline(this.model.ref, 120);
    this.title.label = ref;
    this.title.caption = this._options.trans.__('Version %1 (%2)', ref, inline(this.path));
  }

  private readonly _options: PageOptions;
  private readonly _id = `jp-snapbook-page-${++made}`;
  private readonly _refChanged = new Signal<this, string>(this);
}

let made = 0;
