/**
 * The tabs of the main area: version pages and diffs, each there once and found again.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Client } from './client';
import { DiffTab } from './diff/widget';
import { snapbookIcon } from './icons';
import { VersionPage } from './page/widget';
import type { PageActions } from './tokens';
import type { Compared } from './types';

export type PageWidget = MainAreaWidget<VersionPage>;
export type DiffWidget = MainAreaWidget<DiffTab>;

export interface PagesOptions {
  app: JupyterFrontEnd;
  client: Client;
  trans: TranslationBundle;
  actions: PageActions;
  /** A comparison with the live session, one of the two being "now". */
  live: (older: string, newer: string) => Promise<Compared>;
}

export class Pages {
  readonly versions = new WidgetTracker<PageWidget>({ namespace: 'snapbook-version' });
  readonly diffs = new WidgetTracker<DiffWidget>({ namespace: 'snapbook-diff' });

  constructor(private readonly options: PagesOptions) {}

  /** Show a version's page: the one that is open, else a new one. */
  async openVersion(path: string, ref: string): Promise<void> {
    const open = this.versions.find(
      ({ content }) => content.path === path && content.ref === ref
    );
    if (open !== undefined) {
      this.options.app.shell.activateById(open.id);
      return;
    }
    const { client, trans, actions } = this.options;
    const content = new VersionPage({ client, path, ref, trans, actions });
    const widget = new MainAreaWidget({ content });
    widget.id = `snapbook-version-${++made}`;
    content.title.icon = snapbookIcon;
    content.refChanged.connect(() => void this.versions.save(widget));
    await this.add(widget, this.versions);
  }

  /** Show a diff. Without `newer`: against the version before `older`. */
  async openDiff(path: string, older: string, newer?: string): Promise<void> {
    const open = this.diffs.find(
      ({ content: { model } }) =>
        model.path === path && model.old === older && (newer === undefined || model.new === newer)
    );
    if (open !== undefined) {
      open.content.refresh();
      this.options.app.shell.activateById(open.id);
      return;
    }
    const { client, trans, actions, live } = this.options;
    const content = new DiffTab({
      client,
      path,
      old: older,
      new: newer,
      trans,
      actions,
      live
    });
    const widget = new MainAreaWidget({ content });
    widget.id = `snapbook-diff-${++made}`;
    content.title.icon = snapbookIcon;
    await this.add(widget, this.diffs);
  }

  /** The page or diff that has the keyboard, else null. */
  get focused(): VersionPage | DiffTab | null {
    const { currentWidget } = this.options.app.shell;
    if (!(currentWidget instanceof MainAreaWidget)) {
      return null;
    }
    const { content } = currentWidget;
    return content instanceof VersionPage || content instanceof DiffTab ? content : null;
  }

  /** The pages of a place read themselves again. */
  refresh(): void {
    this.versions.forEach(({ content }) => content.refresh());
  }

  private async add<T extends PageWidget | DiffWidget>(
    widget: T,
    tracker: WidgetTracker<T>
  ): Promise<void> {
    this.options.app.shell.add(widget, 'main');
    await tracker.add(widget);
    this.options.app.shell.activateById(widget.id);
  }
}

let made = 0;
