/**
 * The keys of version pages and diff tabs, as commands: they act on the page in front.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import { DiffTab } from './diff/widget';
import { VersionPage } from './page/widget';
import type { Pages } from './pages';
import { CommandIDs, type PageActions } from './tokens';

export function addPageCommands(
  app: JupyterFrontEnd,
  pages: Pages,
  actions: PageActions,
  trans: TranslationBundle
): void {
  const page = (): VersionPage | null =>
    pages.focused instanceof VersionPage ? pages.focused : null;
  const diff = (): DiffTab | null => (pages.focused instanceof DiffTab ? pages.focused : null);
  const add = (id: string, label: string, can: () => boolean, execute: () => unknown): void => {
    app.commands.addCommand(id, { label, isEnabled: can, execute });
  };
  const either = (): boolean => pages.focused !== null;
  const onPage = (): boolean => page() !== null;
  const onDiff = (): boolean => diff() !== null;
  const move = (by: 1 | -1): void => {
    page()?.section(by);
    diff()?.move(by);
  };
  add(CommandIDs.nextChange, trans.__('Next Change'), either, () => move(1));
  add(CommandIDs.previousChange, trans.__('Previous Change'), either, () => move(-1));
  add(CommandIDs.toggleOutputs, trans.__('Show or Hide Outputs'), either, () =>
    pages.focused?.toggleOutputs()
  );
  add(CommandIDs.swapSides, trans.__('Swap Sides'), onDiff, () => diff()?.swap());
  add(CommandIDs.sideBySide, trans.__('Side by Side or Inline'), onDiff, () =>
    diff()?.toggleSideBySide()
  );
  add(CommandIDs.older, trans.__('Older Version'), onPage, () => page()?.older());
  add(CommandIDs.newer, trans.__('Newer Version'), onPage, () => page()?.newer());
  add(CommandIDs.pageDiff, trans.__('Compare With the One Before'), onPage, () => page()?.diff());
  add(CommandIDs.pageRestore, trans.__('Restore This Version…'), onPage, () => {
    const shown = page();
    if (shown !== null) {
      actions.restore?.(shown.path, shown.ref);
    }
  });
  add(CommandIDs.backToRow, trans.__('Back to the List'), either, () => pages.focused?.back());
}
