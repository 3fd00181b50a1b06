/**
 * The plugin: puts the panel into JupyterLab or Notebook 7 and ties it to what is there.
 *
 * Everything but the notebook tracker is optional, so that one bundle works in both. Activating
 * never throws: what cannot be put up is left out.
 */
import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, type Notification } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { PathExt } from '@jupyterlab/coreutils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { setHost } from './card/host';
import { Client } from './client';
import { addCommands, type Room } from './commands';
import { setParser } from './common/painter';
import { setSurroundings } from './common/surroundings';
import { Doing } from './doing';
import { Model, type Kept } from './model';
import { addNotebookCommands } from './notebook';
import { openMenu } from './menu';
import { addPageCommands } from './pagecommands';
import { Pages } from './pages';
import { SnapbookPanel } from './panel/widget';
import { jupyterServer } from './reach';
import { Restoring } from './restoring';
import { Running } from './running';
import { folderOf, isLoadedIn, readSettings, type Settings } from './settings';
import { StatusItem } from './status';
import { IN_LAB } from './surroundings';
import { Toasts } from './toasts';
import { CommandIDs, DOMAIN, ISnapbook, PLUGIN_ID, type PageActions } from './tokens';
import { CHANGED_SCHEMA, PROGRESS_SCHEMA, type Hint } from './types';
import { addVerbs, furtherVerbs } from './verbcommands';

const plugin: JupyterFrontEndPlugin<ISnapbook> = {
  id: PLUGIN_ID,
  description: 'See, compare, restore and share versions of models.',
  autoStart: true,
  provides: ISnapbook,
  requires: [INotebookTracker],
  optional: [
    ITranslator,
    ICommandPalette,
    ILabShell,
    ILayoutRestorer,
    ISettingRegistry,
    IStateDB,
    IStatusBar,
    IDefaultFileBrowser,
    IEditorLanguageRegistry
  ],
  activate
};

export default plugin;

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  translator: ITranslator | null,
  palette: ICommandPalette | null,
  labShell: ILabShell | null,
  restorer: ILayoutRestorer | null,
  registry: ISettingRegistry | null,
  stateDB: IStateDB | null,
  statusBar: IStatusBar | null,
  browser: IDefaultFileBrowser | null,
  languages: IEditorLanguageRegistry | null
): ISnapbook {
  const trans = (translator ?? nullTranslator).load(DOMAIN);
  setSurroundings(IN_LAB);
  const client = new Client(jupyterServer(app.serviceManager.serverSettings));
  const model = new Model(client);
  const found: { settings: Settings; loaded: ISettingRegistry.ISettings | null } = {
    settings: readSettings(null),
    loaded: null
  };
  const actions = pageActions(app);
  const toasts = new Toasts(trans, hint => hintAction(app, model, hint));
  const running = new Running({ model, client, trans, toasts });
  const doing = new Doing({
    model,
    client,
    trans,
    toasts,
    running,
    seen: () => panel.isVisible,
    tells: () => found.settings.toast
  });
  const restoring = new Restoring({
    app,
    model,
    trans,
    toasts,
    load: () => doing.load(),
    notebook: path => tracker.find(({ context }) => context.path === path) ?? null
  });
  const pages = new Pages({
    app,
    client,
    trans,
    actions,
    area: labShell === null ? 'down' : 'main',
    live: (older, newer) => doing.live(older, newer)
  });
  const panel: SnapbookPanel = new SnapbookPanel({
    model,
    settings: () => found.settings,
    trans,
    acts: {
      run: (command, args) => void app.commands.execute(command, args),
      has: command => app.commands.hasCommand(command),
      copy: text => doing.copy(text),
      snapshot: request => doing.snapshot(request),
      cancelSnapshot: () => doing.cancelSnapshot(),
      preview: request => doing.preview(request),
      openMenu: below => openMenu(app.commands, furtherVerbs(model.verbs), below),
      loadsAlways: () => isLoadedIn(found.settings, model.path),
      setLoadsAlways: on => void setLoadsAlways(found, model, on)
    }
  });
  const room: Room = { app, model, doing, restoring, running, pages, panel, palette, trans };
  addCommands(room);
  addNotebookCommands({ app, tracker, palette, doing, trans });
  addPageCommands(app, pages, actions, trans);
  setParser(async () => {
    const python = await languages?.getLanguage('python');
    return python?.support?.language.parser ?? null;
  });
  setHost({
    actions,
    pathOf: node => tracker.find(({ node: whole }) => whole.contains(node))?.context.path ?? '',
    notThisModel: (path, ref) => void app.commands.execute(CommandIDs.notThisModel, { path, ref }),
    changed: model.versionsChanged
  });
  app.shell.add(panel, 'left', { rank: 300, type: 'Snapbook' });
  if (restorer !== null) {
    restorer.add(panel, 'snapbook-panel');
    restorePages(restorer, pages);
  }
  followNotebooks(tracker, model, labShell);
  followFolder(browser, model);
  followServer(app, model, running, pages);
  followVerbs(room);
  keepState(stateDB, model);
  if (registry !== null) {
    void readRegistry(registry, found, model);
  }
  if (statusBar !== null) {
    const item = new StatusItem(model, trans, () => {
      void app.commands.execute(CommandIDs.diffNow);
    });
    statusBar.registerStatusItem('snapbook:status', {
      item,
      align: 'left',
      rank: 15,
      isActive: () => found.settings.statusBar,
      activeStateChanged: model.changed
    });
  }
  loadByItself(model, doing, () => found.settings);
  return new Changes(model);
}

/** What other extensions see of us. */
class Changes implements ISnapbook {
  readonly changed = new Signal<this, string>(this);

  constructor(model: Model) {
    model.versionsChanged.connect((_, id) => this.changed.emit(id));
  }
}

/** What a page asks for is a command, so that it is the same act from everywhere. */
function pageActions(app: JupyterFrontEnd): PageActions {
  const run = (command: string, args: { [name: string]: string | undefined }): void =>
    void app.commands.execute(command, args);
  return {
    openVersion: (path, ref) => run(CommandIDs.openVersion, { path, ref }),
    openDiff: (path, older, newer) => run(CommandIDs.diff, { path, old: older, new: newer }),
    restore: (path, ref) => run(CommandIDs.restore, { path, ref }),
    review: (path, ref) => run(CommandIDs.review, { path, ref }),
    tag: (path, ref) => run(CommandIDs.tag, { path, ref }),
    note: (path, ref) => run(CommandIDs.note, { path, ref }),
    remove: (path, ref) => run(CommandIDs.remove, { path, ref }),
    exportVersion: (path, ref) => run(CommandIDs.exportVersion, { path, ref }),
    openFile: path => run('docmanager:open', { path }),
    copy: text => run(CommandIDs.copyRef, { ref: text }),
    backToRow: (_, ref) => run(CommandIDs.openPanel, { ref })
  };
}

/** What an error proposes, as a button: a verb that the server has. */
function hintAction(app: JupyterFrontEnd, model: Model, hint: Hint): Notification.IAction | null {
  const command = CommandIDs.verb(hint.verb);
  const verb = model.verbs.find(({ name }) => name === hint.verb);
  return verb === undefined || !app.commands.hasCommand(command)
    ? null
    : {
        label: [verb.label, ...hint.args].join(' '),
        callback: () => void app.commands.execute(command, { args: hint.args })
      };
}

/** Tabs that were open come back with the page. */
function restorePages(restorer: ILayoutRestorer, pages: Pages): void {
  void restorer.restore(pages.versions, {
    command: CommandIDs.openVersion,
    args: ({ content }) => ({ path: content.path, ref: content.ref }),
    name: ({ content }) => `${content.path} ${content.ref}`
  });
  void restorer.restore(pages.reviews, {
    command: CommandIDs.review,
    args: ({ content }) => ({ path: content.path, ref: content.ref }),
    name: ({ content }) => `${content.path} ${content.ref}`
  });
  void restorer.restore(pages.monitors, {
    command: CommandIDs.monitor,
    args: ({ content }) => ({ path: content.path, model: content.model.model }),
    name: ({ content }) => `${content.path} ${content.model.model}`
  });
  void restorer.restore(pages.diffs, {
    command: CommandIDs.diff,
    args: ({ content: { model } }) => ({
      path: model.path,
      old: model.old,
      ...(model.new === '' ? {} : { new: model.new })
    }),
    name: ({ content: { model } }) => `${model.path} ${model.old} ${model.new}`
  });
}

/** The panel shows the notebook that is looked at, and stays with it while a page is. */
function followNotebooks(
  tracker: INotebookTracker,
  model: Model,
  labShell: ILabShell | null
): void {
  let panel: NotebookPanel | null = null;
  const follow = (): void => {
    panel?.context.pathChanged.disconnect(follow);
    panel = tracker.currentWidget;
    panel?.context.pathChanged.connect(follow);
    model.follow(
      panel === null
        ? null
        : {
            path: panel.context.path,
            name: PathExt.basename(panel.context.path),
            context: panel.sessionContext
          }
    );
  };
  tracker.currentChanged.connect(follow);
  labShell?.layoutModified.connect(() => {
    if (tracker.currentWidget !== panel) {
      follow();
    }
  });
  follow();
}

/** While there is no notebook, the panel is about the folder that is browsed. */
function followFolder(browser: IDefaultFileBrowser | null, model: Model): void {
  if (browser !== null) {
    const look = (): void => model.lookIntoFolder(browser.model.path);
    browser.model.pathChanged.connect(look);
    look();
  }
}

/** The server tells what changed; a page that was out of sight for long looks for itself. */
function followServer(
  app: JupyterFrontEnd,
  model: Model,
  running: Running,
  pages: Pages
): void {
  app.serviceManager.events.stream.connect((_, event) => {
    if (event.schema_id === CHANGED_SCHEMA) {
      void model.onEvent(String(event.place)).then(() => pages.refresh());
    } else if (event.schema_id === PROGRESS_SCHEMA) {
      const { task, what, done, of } = event;
      running.onProgress(String(task), String(what), Number(done), Number(of));
    }
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') {
      void model.refresh();
    }
  });
}

/** Commands for the server's verbs, made anew when the server tells another table. */
function followVerbs(room: Room): void {
  const { app, model } = room;
  let verbs = addVerbs(room, model.verbs);
  let known = model.verbs;
  model.changed.connect(() => {
    if (model.verbs !== known) {
      known = model.verbs;
      verbs.dispose();
      verbs = addVerbs(room, known);
    }
  });
  void app.restored.then(() => model.readAbout());
}

/** What was chosen comes back with the page. */
function keepState(stateDB: IStateDB | null, model: Model): void {
  if (stateDB === null) {
    return;
  }
  const key = 'snapbook:panel';
  let last = '';
  void stateDB.fetch(key).then(value => {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      model.restore(value as Partial<Kept>);
    }
    last = JSON.stringify(model.kept);
    model.changed.connect(() => {
      const now = JSON.stringify(model.kept);
      if (now !== last) {
        last = now;
        void stateDB.save(key, { ...model.kept });
      }
    });
  });
}

interface FoundSettings {
  settings: Settings;
  loaded: ISettingRegistry.ISettings | null;
}

async function readRegistry(
  registry: ISettingRegistry,
  found: FoundSettings,
  model: Model
): Promise<void> {
  try {
    const loaded = await registry.load(PLUGIN_ID);
    found.loaded = loaded;
    const read = (): void => {
      found.settings = readSettings(loaded);
      model.touch();
    };
    loaded.changed.connect(read);
    read();
  } catch (error) {
    console.warn('snapbook: the settings cannot be read, defaults hold.', error);
  }
}

async function setLoadsAlways(found: FoundSettings, model: Model, on: boolean): Promise<void> {
  const folder = folderOf(model.path);
  const others = found.settings.loadIn.filter(known => known !== folder);
  await found.loaded?.set('loadIn', on ? [...others, folder] : others);
}

/** In folders where the user said so, snapbook is loaded when a kernel without it is seen. */
function loadByItself(model: Model, doing: Doing, settings: () => Settings): void {
  let tried = '';
  model.changed.connect(() => {
    const id = model.kernel?.kernel?.id ?? '';
    if (
      model.kernel?.state === 'not-loaded' &&
      id !== tried &&
      isLoadedIn(settings(), model.path)
    ) {
      tried = id;
      void doing.load();
    }
  });
}
