/**
 * What each act of the sidebar does: asks the kernel or the server, says what came of it.
 *
 * Commands, keys, menus and buttons all lead here. Nothing here throws: what did not happen is a
 * toast. What is lost or seen by others is shown first and done by a button that names it.
 */
import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Client } from './client';
import { exportForms } from './exporting';
import { numberText } from './format';
import { silently } from './kernel';
import type { Model } from './model';
import type { SnapshotRequest } from './panel/acts';
import type { Running } from './running';
import type { Toasts } from './toasts';
import type { Compared, Json, JsonObject, Saved } from './types';
import { saveWords, split } from './words';

/** Which version an act is about. */
export interface Target {
  path: string;
  ref: string;
}

export interface DoingOptions {
  model: Model;
  client: Client;
  trans: TranslationBundle;
  toasts: Toasts;
  running: Running;
  /** Whether the panel is to be seen, so that its list tells what came of an act. */
  seen: () => boolean;
  /** Whether a snapshot is told while the panel is not to be seen. */
  tells: () => boolean;
}

export class Doing {
  constructor(private readonly options: DoingOptions) {}

  private get toasts(): Toasts {
    return this.options.toasts;
  }

  private get running(): Running {
    return this.options.running;
  }

  // -- in the kernel

  /** Keep a version as soon as the kernel is idle; a click while it waits takes that back. */
  snapshot(request: Partial<SnapshotRequest>): void {
    const { model, trans } = this.options;
    const cell = model.kernel?.runs ?? 0;
    const label = cell > 0 ? trans.__('Snapshot: queued after cell %1', cell) : trans.__('Snapshot: queued');
    model.queue.add(label, () => this.save(request));
  }

  /** A version kept the wrong variable: the form, on the others. */
  async notThisModel({ path, ref }: Target): Promise<void> {
    const { client, model, trans } = this.options;
    const version = await this.toasts.during(
      client.version(path, ref),
      trans.__('Looking what %1 kept…', ref)
    );
    if (version !== null) {
      const variable = version.parts.find(({ kind }) => kind === 'model')?.name ?? '';
      model.setFormOpen(true, { ref, variable });
    }
  }

  cancelSnapshot(): void {
    this.options.model.queue.cancel();
  }

  /** What a snapshot would become; writes nothing. */
  async preview(request: SnapshotRequest): Promise<Saved> {
    const answer = await this.kernelVerb('save', [...saveWords(request), '--dry-run']);
    return answer as unknown as Saved;
  }

  /** Compare a version with the live session. */
  async live(older: string, newer: string): Promise<Compared> {
    return (await this.kernelVerb('diff', [older, newer])) as unknown as Compared;
  }

  private async save(request: Partial<SnapshotRequest>): Promise<void> {
    const { model, trans } = this.options;
    const { path } = model;
    const status = model.kernel?.status ?? null;
    const whole = { name: status?.name, variable: status?.variable, ...request };
    const answer = await this.toasts.during(
      this.kernelVerb('save', saveWords(whole)),
      trans.__('Keeping %1…', whole.name || trans.__('the model')),
      () => this.interrupt()
    );
    if (answer === null) {
      return;
    }
    const saved = answer as unknown as Saved;
    const ref = `${saved.version.model}:${numberText(saved.version.number)}`;
    this.tell(saved, ref);
    // Who went on to another notebook meanwhile is left alone there.
    if (model.path !== path) {
      return;
    }
    model.take(saved.row ?? null);
    model.setFormOpen(false);
    if (model.filters.model !== null || model.model !== saved.version.model) {
      model.setFilters({ model: saved.version.model });
    }
    await model.refresh();
    if (model.path === path) {
      model.chosen.setActive(ref);
      await model.kernel?.refresh();
    }
  }

  private tell(saved: Saved, ref: string): void {
    const { trans } = this.options;
    const kept = [...saved.unusual, ...saved.not_kept];
    if (saved.unchanged) {
      this.toasts.say(trans.__('%1  unchanged', ref));
    } else if (kept.length > 0) {
      this.toasts.say(`${ref}  ${kept.join('  ')}`, [], saved.not_kept.length > 0);
    } else if (this.options.tells() && !this.options.seen()) {
      const why = saved.reason ? `: ${saved.reason}` : '';
      this.toasts.say(`${ref}  ${saved.bump || trans.__('first version')}${why}`);
    }
  }

  /** Take the last restore back. */
  async undo(): Promise<void> {
    const { model, trans } = this.options;
    const answer = await this.toasts.during(
      this.kernelVerb('restore', ['--undo']),
      trans.__('Undoing…')
    );
    if (answer !== null) {
      this.toasts.say(trans.__('Taken back: the variables are as before.'));
      await model.kernel?.refresh();
    }
  }

  /** Load snapbook in the active notebook's kernel. Whether it is there now. */
  async load(): Promise<boolean> {
    const { model, trans } = this.options;
    const kernel = model.kernel?.kernel ?? null;
    if (kernel === null) {
      return false;
    }
    const done = await this.toasts.during(
      silently(kernel, '%load_ext snapbook').then(() => true),
      trans.__('Loading snapbook…')
    );
    await model.kernel?.refresh();
    return done === true;
  }

  /** The versions that the kernel sees, where the server sees another machine's. */
  async kernelList(): Promise<void> {
    const { model, trans } = this.options;
    const answer = await this.toasts.during(
      this.kernelVerb('list', ['-n', '200']),
      trans.__('Asking the kernel…')
    );
    if (answer !== null) {
      model.listing.showOthers(answer, trans.__('versions that the kernel sees'));
    }
  }

  private async kernelVerb(name: string, words: readonly string[]): Promise<Json> {
    const { model, trans } = this.options;
    if (model.kernel === null) {
      throw new Error(trans.__('There is no notebook with a kernel.'));
    }
    return model.kernel.verb(name, words);
  }

  private interrupt(): void {
    void this.options.model.kernel?.kernel?.interrupt();
  }

  // -- anywhere

  async note({ path, ref }: Target): Promise<void> {
    const { trans } = this.options;
    const text = await this.toasts.line(trans.__('Note on %1', ref), trans.__('Add note'), '');
    if (text !== null && text.trim() !== '') {
      await this.running.onServer(path, 'note', { args: [ref, text], options: {} });
    }
  }

  async tag({ path, ref }: Target): Promise<void> {
    const { trans } = this.options;
    const text = await this.toasts.line(
      trans.__('Tag %1', ref),
      trans.__('Tag'),
      'exp, team=risk, @candidate, -old'
    );
    const words = split(text ?? '');
    if (words.length === 0) {
      return;
    }
    const gone = words.filter(word => word.startsWith('-')).map(word => word.slice(1));
    const added = words.filter(word => !word.startsWith('-'));
    const options: JsonObject = gone.length > 0 ? { remove: gone } : {};
    await this.running.onServer(path, 'tag', { args: [ref, ...added], options });
  }

  async rename(path: string, model: string): Promise<void> {
    const { trans } = this.options;
    const to = await this.toasts.line(trans.__('Rename %1', model), trans.__('Rename'), model);
    if (to !== null && to.trim() !== '' && to !== model) {
      const done = await this.running.onServer(path, 'rename', { args: [model, to.trim()], options: {} });
      if (done !== null && this.options.model.path === path) {
        this.options.model.setFilters({ model: to.trim() });
      }
    }
  }

  /** Delete a version, after what depends on it was shown. */
  async remove({ path, ref }: Target): Promise<void> {
    const { trans } = this.options;
    const title = trans.__('Delete %1', ref);
    const call = { args: [ref], options: {} };
    const sure = { yes: true };
    await this.running.previewed(path, { name: 'delete', call, title, button: title, sure });
  }

  /** Free space, after what goes was shown. */
  async gc(path: string): Promise<void> {
    const { trans } = this.options;
    const title = trans.__('Free space');
    const call = { args: [], options: {} };
    await this.running.previewed(path, { name: 'gc', call, title, button: title });
  }

  async verify(path: string, ref: string): Promise<void> {
    const { trans } = this.options;
    const answer = await this.running.onServer(
      path,
      'verify',
      { args: ref === '' ? [] : [ref], options: {} },
      trans.__('Checking every byte…')
    );
    if (answer !== null && answer.lines.length > 1) {
      await this.toasts.text(trans.__('Verify'), answer.lines);
    }
  }

  /** Write a version as what is chosen; `--to` alone, or all options by the verb's own form. */
  async exportVersion({ path, ref }: Target): Promise<void> {
    const { model, trans } = this.options;
    const title = trans.__('Export %1', ref);
    const forms = exportForms(ref, trans);
    const verb = model.verbs.find(({ name }) => name === 'export');
    const items = [...forms.map(({ label }) => label), ...(verb ? [trans.__('with options…')] : [])];
    const chosen = await this.toasts.choose(title, trans.__('Export'), trans.__('As'), items);
    if (chosen === null) {
      return;
    }
    if (chosen === forms.length && verb !== undefined) {
      await this.running.verb(path, verb, [ref], false);
      return;
    }
    const call = { args: [ref], options: { to: forms[chosen].to } };
    const answer = await this.running.onServer(path, 'export', call, trans.__('Exporting %1…', ref));
    if (answer !== null && answer.lines.length > 1) {
      await this.toasts.text(title, answer.lines);
    }
  }

  copy(text: string): void {
    const { trans } = this.options;
    Clipboard.copyToSystem(text);
    this.toasts.say(trans.__('Copied: %1', text));
  }

  /** Versions whose executed cells hold this cell. */
  async containing(path: string, source: string, cellId: string): Promise<void> {
    const { client, model, trans } = this.options;
    const rows = await this.toasts.during(
      client.containing(path, source, cellId),
      trans.__('Looking for the cell…')
    );
    if (rows === null) {
      return;
    }
    if (rows.length === 0) {
      this.toasts.say(trans.__('No version contains this cell as it is now.'));
      return;
    }
    model.listing.showFound(rows, trans.__('versions that contain the cell'));
  }

  /** Something that went wrong outside of an act. */
  blame(error: unknown): void {
    this.toasts.error(error);
  }
}
