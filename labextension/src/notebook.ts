/**
 * Acts on cells of the active notebook: which versions contain this one, the comment form, running
 * what waited for snapbook. And the toolbar's button.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import { NotebookActions, type INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { commentForm, magicForm } from './cells';
import type { Doing } from './doing';
import { CommandIDs } from './tokens';

type Args = ReadonlyPartialJSONObject;

const FORGOT = /version_model` not found/;

export interface NotebookOptions {
  app: JupyterFrontEnd;
  tracker: INotebookTracker;
  palette: ICommandPalette | null;
  doing: Doing;
  trans: TranslationBundle;
}

export function addNotebookCommands(options: NotebookOptions): void {
  const { app, tracker, palette, doing, trans } = options;
  const { commands } = app;
  // A click with the right button leaves the active cell where it was.
  const cell = (args: Args): Cell | null => (args.pointed === true ? pointed() : tracker.activeCell);
  const pointed = (): Cell | null => {
    const node = app.contextMenuHitTest(each => each.classList.contains('jp-Cell'));
    const cells = tracker.currentWidget?.content.widgets ?? [];
    return cells.find(each => each.node === node) ?? null;
  };
  const isCode = (args: Args): boolean => cell(args)?.model.type === 'code';
  commands.addCommand(CommandIDs.containing, {
    label: trans.__('Which Versions Contain This Cell?'),
    isEnabled: isCode,
    execute: async args => {
      const found = cell(args);
      const panel = tracker.currentWidget;
      if (found !== null && panel !== null) {
        await app.commands.execute(CommandIDs.openPanel);
        const source = found.model.sharedModel.getSource();
        await doing.containing(panel.context.path, source, found.model.id);
      }
    }
  });
  commands.addCommand(CommandIDs.commentForm, {
    label: args =>
      magicForm(sourceOf(cell(args))) === null
        ? trans.__('Convert to Comment Form')
        : trans.__('Convert to Magic Form'),
    caption: trans.__(
      'The first line as a comment, so that the notebook also runs where snapbook is missing'
    ),
    isEnabled: args => isCode(args) && otherForm(sourceOf(cell(args))) !== null,
    isVisible: args => isCode(args) && otherForm(sourceOf(cell(args))) !== null,
    execute: args => {
      const found = cell(args);
      const source = otherForm(sourceOf(found));
      if (found !== null && source !== null) {
        found.model.sharedModel.setSource(source);
      }
    }
  });
  commands.addCommand(CommandIDs.runVersioned, {
    label: trans.__('Run the Cells That Wanted Snapbook'),
    execute: async () => {
      const panel = tracker.currentWidget;
      const cells = panel === null ? [] : forgotten(panel);
      if (panel !== null && cells.length > 0) {
        await NotebookActions.runCells(panel.content, cells, panel.sessionContext);
      }
    }
  });
  commands.addCommand(CommandIDs.backToNotebook, {
    label: trans.__('Back to Notebook'),
    execute: () => {
      const panel = tracker.currentWidget;
      if (panel !== null) {
        app.shell.activateById(panel.id);
        panel.content.activate();
      }
    }
  });
  for (const command of [CommandIDs.containing, CommandIDs.commentForm]) {
    palette?.addItem({ command, category: trans.__('Snapbook') });
  }
  tracker.activeCellChanged.connect(() => {
    commands.notifyCommandChanged(CommandIDs.containing);
    commands.notifyCommandChanged(CommandIDs.commentForm);
  });
}

function sourceOf(cell: Cell | null): string {
  return cell?.model.sharedModel.getSource() ?? '';
}

function otherForm(source: string): string | null {
  return commentForm(source) ?? magicForm(source);
}

/** The last of the cells whose output says that our magic is not there. */
function forgotten(panel: NotebookPanel): Cell[] {
  const found = panel.content.widgets.filter(cell => {
    const shared = cell.model.sharedModel;
    if (shared.cell_type !== 'code' || !/version_model/.test(shared.getSource())) {
      return false;
    }
    return FORGOT.test(JSON.stringify(shared.toJSON()));
  });
  return found.slice(-1);
}
