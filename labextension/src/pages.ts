/**
 * The tabs of the main area: version pages, diffs, reviews and reports, each there once and found
 * again.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { SplitPanel, TabPanel, type Widget } from '@lumino/widgets';
import type { Client } from './client';
import { DiffTab } from './diff/widget';
import { snapbookIcon } from './icons';
import { MonitorTab } from './monitor/widget';
import { VersionPage } from './page/widget';
import { ReviewTab } from './review/widget';
import type { PageActions } from './tokens';
import type { Compared } from './types';

export type PageWidget = MainAreaWidget<VersionPage>;
export type DiffWidget = MainAreaWidget<DiffTab>;
export type ReviewWidget = MainAreaWidget<ReviewTab>;
export type MonitorWidget = MainAreaWidget<MonitorTab>;

export interface PagesOptions {
  app: JupyterFrontEnd;
  client: Client;
  trans: TranslationBundle;
  actions: PageActions;
  /** Where pages go: Notebook 7 has room for one widget in its main area, the notebook. */
  area: 'main' | 'down';
  /** A comparison with the live session, one of the two being "now". */
  live: (older: string, newer: string) => Promise<Compared>;
}

export class Pages {
  readonly versions = new WidgetTracker<PageWidget>({ namespace: 'snapbook-version' });
  readonly diffs = new WidgetTracker<DiffWidget>({ namespace: 'snapbook-diff' });
  readonly reviews = new WidgetTracker<ReviewWidget>({ namespace: 'snapbook-review' });
  readonly monitors = new WidgetTracker<MonitorWidget>({ namespace: 'snapbook-monitor' });

  constructor(private readonly options: PagesOptions) {}

  /** Show a version's page: the one that is open, else a new one. */
  async openVersion(path: string, ref: string): Promise<void> {
    const open = this.versions.find(
      ({ content }) => content.path === path && content.ref === ref
    );
    if (open !== undefined) {
      this.show(open);
      return;
    }
    const { client, trans, actions } = this.options;
    const content = new VersionPage({ client, path, ref, trans, actions });
    const widget = new MainAreaWidget({ content });
    widget.id = `snapbook-version-${++made}`;
    content.title.icon = this.options.area === 'main' ? snapbookIcon : undefined;
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
      this.show(open);
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
    content.title.icon = this.options.area === 'main' ? snapbookIcon : undefined;
    await this.add(widget, this.diffs);
  }

  /** Show a version beside what it may replace, to be judged. */
  async openReview(path: string, ref: string): Promise<void> {
    const open = this.reviews.find(
      ({ content }) => content.path === path && content.ref === ref
    );
    if (open !== undefined) {
      open.content.refresh();
      this.show(open);
      return;
    }
    const { client, trans, actions } = this.options;
    const content = new ReviewTab({ client, path, ref, trans, actions });
    const widget = new MainAreaWidget({ content });
    widget.id = `snapbook-review-${++made}`;
    content.title.icon = this.options.area === 'main' ? snapbookIcon : undefined;
    await this.add(widget, this.reviews);
  }

  /** Show what a served model met. */
  async openMonitor(path: string, model: string): Promise<void> {
    const open = this.monitors.find(
      ({ content }) => content.path === path && content.model.model === model
    );
    if (open !== undefined) {
      open.content.refresh();
      this.show(open);
      return;
    }
    const { client, trans, actions } = this.options;
    const content = new MonitorTab({ client, path, model, trans, actions });
    const widget = new MainAreaWidget({ content });
    widget.id = `snapbook-monitor-${++made}`;
    content.title.icon = this.options.area === 'main' ? snapbookIcon : undefined;
    await this.add(widget, this.monitors);
  }

  /** The page or diff that has the keyboard, else the one in front, else null. */
  get focused(): VersionPage | DiffTab | null {
    const held = (widget: PageWidget | DiffWidget): boolean =>
      widget.node.contains(document.activeElement);
    const found = this.versions.find(held) ?? this.diffs.find(held);
    if (found !== undefined) {
      return found.content;
    }
    const { currentWidget } = this.options.app.shell;
    const content = currentWidget instanceof MainAreaWidget ? currentWidget.content : null;
    return content instanceof VersionPage || content instanceof DiffTab ? content : null;
  }

  /** The pages of a place read themselves again. */
  refresh(): void {
    this.versions.forEach(({ content }) => content.refresh());
    this.reviews.forEach(({ content }) => content.refresh());
  }

  private async add<T extends PageWidget | DiffWidget | ReviewWidget | MonitorWidget>(
    widget: T,
    tracker: WidgetTracker<T>
  ): Promise<void> {
    widget.toolbar.hide(); // It is empty, and a strip of nothing.
    this.options.app.shell.add(widget, this.options.area);
    await tracker.add(widget);
    this.show(widget);
  }

  private show(widget: PageWidget | DiffWidget | ReviewWidget | MonitorWidget): void {
    this.options.app.shell.activateById(widget.id);
    if (this.options.area === 'down') {
      unfold(widget);
      widget.activate();
    }
  }
}

/** Notebook 7 opens its lower area without any height, and turns to no tab by itself. */
function unfold(widget: Widget): void {
  const tabs = widget.parent?.parent;
  if (tabs instanceof TabPanel) {
    tabs.currentWidget = widget;
    // Once the area has been shown: before, it takes no part in the sizes.
    window.requestAnimationFrame(() => {
      if (tabs.parent instanceof SplitPanel && tabs.node.clientHeight < LOWEST_PX) {
        tabs.parent.setRelativeSizes([1, 1]);
      }
    });
  }
}

/** A lower area below this height shows nothing that can be read. */
const LOWEST_PX = 160;

let made = 0;
