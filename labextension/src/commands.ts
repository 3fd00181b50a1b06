/**
 * Every act of the sidebar as a command of JupyterLab: for the palette, menus, keys and buttons.
 *
 * A table: what each is called, when it can be done, what does it. Keys, menus and their places are
 * in the settings schema, where the user can change them.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Doing, Target } from './doing';
import { snapbookIcon } from './icons';
import type { Model } from './model';
import type { Pages } from './pages';
import type { SnapbookPanel } from './panel/widget';
import type { Restoring } from './restoring';
import type { Running } from './running';
import { CommandIDs } from './tokens';

export interface Room {
  app: JupyterFrontEnd;
  model: Model;
  doing: Doing;
  restoring: Restoring;
  running: Running;
  pages: Pages;
  panel: SnapbookPanel;
  palette: ICommandPalette | null;
  trans: TranslationBundle;
}

type Args = ReadonlyPartialJSONObject;

/** One command. `palette` "" leaves it out of the palette. */
interface Act {
  id: string;
  label: string;
  does: (args: Args) => unknown;
  can?: (args: Args) => boolean;
  caption?: string;
  icon?: LabIcon;
  toggled?: () => boolean;
  hidden?: boolean;
}

/** Where the palette lists them. */
export const CATEGORY = 'Snapbook';

/** Register all commands that are there from the start. */
export function addCommands(room: Room): void {
  const acts = [...kernelActs(room), ...versionActs(room), ...panelActs(room)];
  for (const act of acts) {
    add(room.app.commands, act);
    if (!act.hidden) {
      room.palette?.addItem({ command: act.id, category: room.trans.__(CATEGORY) });
    }
  }
  const notify = (): void => {
    for (const { id } of acts) {
      room.app.commands.notifyCommandChanged(id);
    }
  };
  // Buttons of toolbars and menus look again when something changed, at most once a frame.
  let waiting = false;
  room.model.changed.connect(() => {
    if (!waiting) {
      waiting = true;
      window.requestAnimationFrame(() => {
        waiting = false;
        notify();
      });
    }
  });
}

function add(commands: CommandRegistry, act: Act): void {
  commands.addCommand(act.id, {
    label: act.label,
    caption: act.caption ?? '',
    icon: act.icon,
    execute: act.does,
    isEnabled: act.can,
    isToggled: act.toggled,
    describedBy: { args: { type: 'object', properties: { ref: { type: 'string' } } } }
  });
}

/** The version that a command means: named, else the row that the keyboard is on, else the newest. */
export function target({ model }: Room, args: Args): Target | null {
  const path = typeof args.path === 'string' ? args.path : model.path;
  if (typeof args.ref === 'string') {
    return { path, ref: args.ref };
  }
  const row = model.activeRow ?? model.listing.rows[0];
  return row === undefined ? null : { path, ref: row.ref };
}

function kernelActs(room: Room): Act[] {
  const { model, doing, restoring, pages, trans } = room;
  const ready = (): boolean => model.kernel?.state === 'ready';
  return [
    {
      id: CommandIDs.snapshot,
      label: trans.__('Snapshot Model'),
      caption: trans.__('Keep the model of this notebook as a version'),
      icon: snapbookIcon,
      can: ready,
      does: () => (model.queue.label === '' ? doing.snapshot({}) : doing.cancelSnapshot())
    },
    {
      id: CommandIDs.openForm,
      label: trans.__('Snapshot Model…'),
      caption: trans.__('Keep a version, with name, message and data'),
      can: ready,
      does: () => {
        model.setFormOpen(true);
        show(room);
      }
    },
    {
      id: CommandIDs.notThisModel,
      label: trans.__('Choose Another Model…'),
      caption: trans.__('Keep a version of another variable than the one that was kept'),
      hidden: true,
      can: args => target(room, args) !== null,
      does: async args => {
        const found = target(room, args);
        if (found !== null) {
          show(room);
          await doing.notThisModel(found);
        }
      }
    },
    {
      id: CommandIDs.load,
      label: trans.__('Load Snapbook in This Kernel'),
      can: () => model.kernel?.state === 'not-loaded',
      does: async args => {
        const loaded = await doing.load();
        if (loaded && args.run === true) {
          await room.app.commands.execute(CommandIDs.runVersioned);
        }
      }
    },
    {
      id: CommandIDs.diffNow,
      label: trans.__('Compare Now With Newest Version'),
      can: args => ready() && target(room, args) !== null,
      does: args => {
        const status = model.kernel?.status;
        const ref = typeof args.ref === 'string' ? args.ref : (status?.parent ?? '');
        const path = model.path;
        const found = ref !== '' ? { path, ref } : target(room, args);
        return found && pages.openDiff(found.path, found.ref, 'now');
      }
    },
    {
      id: CommandIDs.restore,
      label: trans.__('Restore Version…'),
      // Where snapbook is not loaded, as after a restart, restoring loads it first.
      can: args =>
        (ready() || model.kernel?.state === 'not-loaded') && target(room, args) !== null,
      does: args => {
        const found = target(room, args);
        return found && restoring.restore(found.path, found.ref);
      }
    },
    {
      id: CommandIDs.undo,
      label: trans.__('Undo Restore'),
      can: () => (model.kernel?.status?.undo ?? '') !== '',
      does: () => doing.undo()
    },
    {
      id: CommandIDs.startKernel,
      label: trans.__('Start Kernel'),
      hidden: true,
      does: async () => {
        if (await model.startKernel()) {
          await room.app.commands.execute('notebook:change-kernel');
        }
      }
    },
    {
      id: CommandIDs.dismissRestart,
      label: trans.__('Dismiss'),
      hidden: true,
      does: () => model.kernel?.dismissRestart()
    },
    {
      id: CommandIDs.kernelList,
      label: trans.__('Show Versions That the Kernel Sees'),
      can: ready,
      does: () => doing.kernelList()
    }
  ];
}

function versionActs(room: Room): Act[] {
  const { model, doing, pages, trans } = room;
  const { chosen } = model;
  const some = (args: Args): boolean => target(room, args) !== null;
  const watched = (): boolean => model.verbs.some(({ name }) => name === 'monitor');
  const on =
    (does: (found: Target) => unknown) =>
    (args: Args): unknown => {
      const found = target(room, args);
      return found === null ? undefined : does(found);
    };
  return [
    {
      id: CommandIDs.openVersion,
      label: trans.__('Open Version'),
      can: some,
      does: args => {
        // Enter on a folded run unfolds it.
        if (args.ref === undefined && chosen.active.startsWith('fold ')) {
          chosen.toggleFold(chosen.active);
          return undefined;
        }
        return on(({ path, ref }) => pages.openVersion(path, ref))(args);
      }
    },
    {
      id: CommandIDs.diff,
      label: trans.__('Compare Versions'),
      caption: trans.__('The marked versions, else this one with the one before'),
      can: args => typeof args.old === 'string' || some(args),
      does: args => {
        if (typeof args.old === 'string') {
          const newer = typeof args.new === 'string' ? args.new : undefined;
          const path = typeof args.path === 'string' ? args.path : model.path;
          return pages.openDiff(path, args.old, newer);
        }
        const [marked, newer] =
          args.ref === undefined ? chosen.inOrder(ref => model.find(ref)) : [];
        return newer !== undefined
          ? pages.openDiff(model.path, marked, newer)
          : on(({ path, ref }) => pages.openDiff(path, marked ?? ref))(args);
      }
    },
    {
      id: CommandIDs.diffProduction,
      label: trans.__('Compare With Production'),
      can: args => some(args) && model.around.pins.length > 0,
      does: on(({ path, ref }) => pages.openDiff(path, model.around.pins[0].ref, ref))
    },
    {
      id: CommandIDs.mark,
      label: trans.__('Mark Version'),
      can: some,
      does: on(({ ref }) => chosen.toggleMark(ref))
    },
    {
      id: CommandIDs.review,
      label: trans.__('Review…'),
      caption: trans.__('Beside what is in production: differences, gates, approvals'),
      can: some,
      does: on(({ path, ref }) => pages.openReview(path, ref))
    },
    {
      id: CommandIDs.monitor,
      label: trans.__('Monitor'),
      caption: trans.__('What the served model met: drift, outcomes, latency'),
      can: args => typeof args.model === 'string' || (model.model !== '' && watched()),
      does: args =>
        pages.openMonitor(
          typeof args.path === 'string' ? args.path : model.path,
          typeof args.model === 'string' ? args.model : model.model
        )
    },
    { id: CommandIDs.note, label: trans.__('Add Note…'), can: some, does: on(t => doing.note(t)) },
    { id: CommandIDs.tag, label: trans.__('Tag Version…'), can: some, does: on(t => doing.tag(t)) },
    {
      id: CommandIDs.copyRef,
      label: trans.__('Copy Reference'),
      can: some,
      does: on(({ ref }) => doing.copy(ref))
    },
    {
      id: CommandIDs.exportVersion,
      label: trans.__('Export Version…'),
      caption: trans.__('As a bundle that serves it, a notebook, an image and others'),
      can: some,
      does: on(t => doing.exportVersion(t))
    },
    {
      id: CommandIDs.verify,
      label: trans.__('Verify Versions'),
      caption: trans.__('Check every byte'),
      does: args => doing.verify(model.path, typeof args.ref === 'string' ? args.ref : '')
    },
    {
      id: CommandIDs.remove,
      label: trans.__('Delete Version…'),
      can: some,
      does: on(t => doing.remove(t))
    },
    {
      id: CommandIDs.rename,
      label: trans.__('Rename Model…'),
      can: () => model.model !== '',
      does: () => doing.rename(model.path, model.model)
    },
    { id: CommandIDs.gc, label: trans.__('Free Space…'), does: () => doing.gc(model.path) }
  ];
}

function panelActs(room: Room): Act[] {
  const { app, model, panel, trans } = room;
  return [
    {
      id: CommandIDs.openPanel,
      label: trans.__('Show Versions'),
      icon: snapbookIcon,
      does: async args => {
        // Before that the layout of the last time would hide it again.
        await app.restored;
        show(room);
        if (typeof args.ref === 'string') {
          panel.focusRow(args.ref);
        }
      }
    },
    {
      id: CommandIDs.closeForm,
      label: trans.__('Close Form'),
      hidden: true,
      does: () => {
        model.setFormOpen(false);
        app.shell.activateById(panel.id);
      }
    },
    {
      id: CommandIDs.refresh,
      label: trans.__('Look for Versions Again'),
      does: async () => {
        await model.readAbout();
        await model.refresh();
      }
    },
    {
      id: CommandIDs.search,
      label: trans.__('Search Versions'),
      does: () => {
        panel.searchNext();
        show(room);
      }
    },
    {
      id: CommandIDs.allModels,
      label: trans.__('Show Versions of All Models'),
      does: () => {
        model.dismiss('no-notebook');
        model.setFilters({ model: '' });
      }
    },
    {
      id: CommandIDs.escape,
      label: trans.__('Clear Marks, or Back to Notebook'),
      hidden: true,
      does: () =>
        model.chosen.marks.length > 0
          ? model.chosen.clearMarks()
          : app.commands.execute(CommandIDs.backToNotebook)
    }
  ];
}

function show({ app, panel }: Room): void {
  app.shell.activateById(panel.id);
}
