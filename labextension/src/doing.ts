/**
 * What each act of the sidebar does: asks the kernel or the server, says what came of it.
 *
 * Commands, keys, menus and buttons all lead here. Nothing here throws: what did not happen is a
 * toast. What is lost or seen by others is shown first and done by a button that names it.
 */
import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import type { Client } from './client';
import { countText, numberText } from './format';
import { silently } from './kernel';
import type { Model } from './model';
import type { SnapshotRequest } from './panel/acts';
import type { Toasts } from './toasts';
import type { Compared, Json, JsonObject, Saved, VerbAnswer, VerbInfo } from './types';
import { askable, askVerb, hasPreview, wordsOf, type Filled } from './verbform';
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
  /** Whether the panel is to be seen, so that its list tells what came of an act. */
  seen: () => boolean;
  /** Whether a snapshot is told while the panel is not to be seen. */
  tells: () => boolean;
}

export class Doing {
  /** Verbs that run in the server, by the ids that they were begun with. */
  private readonly running = new Map<string, Signal<this, string>>();

  constructor(private readonly options: DoingOptions) {}

  private get toasts(): Toasts {
    return this.options.toasts;
  }

  /** The server tells how far a verb is. */
  onProgress(task: string, what: string, done: number, of: number): void {
    this.running.get(task)?.emit(of > 0 ? `${what} ${countText(done)} / ${countText(of)}` : what);
  }

  // -- in the kernel

  /** Keep a version as soon as the kernel is idle; a click while it waits takes that back. */
  snapshot(request: Partial<SnapshotRequest>): void {
    const { model, trans } = this.options;
    const cell = model.kernel?.runs ?? 0;
    const label = cell > 0 ? trans.__('Snapshot: queued after cell %1', cell) : trans.__('Snapshot: queued');
    model.queue.add(label, () => this.save(request));
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
    model.setFormOpen(false);
    this.tell(saved, ref);
    if (model.filters.model !== null || model.model !== saved.version.model) {
      model.setFilters({ model: saved.version.model });
    }
    await model.refresh();
    model.setActive(ref);
    await model.kernel?.refresh();
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
      await this.serverVerb(path, 'note', { args: [ref, text], options: {} });
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
    await this.serverVerb(path, 'tag', { args: [ref, ...added], options });
  }

  async rename(path: string, model: string): Promise<void> {
    const { trans } = this.options;
    const to = await this.toasts.line(trans.__('Rename %1', model), trans.__('Rename'), model);
    if (to !== null && to.trim() !== '' && to !== model) {
      const done = await this.serverVerb(path, 'rename', { args: [model, to.trim()], options: {} });
      if (done !== null) {
        this.options.model.setFilters({ model: to.trim() });
      }
    }
  }

  /** Delete a version, after what depends on it was shown. */
  async remove({ path, ref }: Target): Promise<void> {
    const { trans } = this.options;
    await this.previewed(path, 'delete', { args: [ref], options: {} }, trans.__('Delete %1', ref), {
      yes: true
    });
  }

  /** Free space, after what goes was shown. */
  async gc(path: string): Promise<void> {
    const { trans } = this.options;
    await this.previewed(path, 'gc', { args: [], options: {} }, trans.__('Free space'), {});
  }

  async verify(path: string, ref: string): Promise<void> {
    const { trans } = this.options;
    const answer = await this.serverVerb(
      path,
      'verify',
      { args: ref === '' ? [] : [ref], options: {} },
      trans.__('Checking every byte…')
    );
    if (answer !== null && answer.lines.length > 1) {
      await this.toasts.text(trans.__('Verify'), answer.lines);
    }
  }

  async exportEnv({ path, ref }: Target): Promise<void> {
    const { trans } = this.options;
    await this.serverVerb(
      path,
      'export',
      { args: [ref], options: { to: 'env' } },
      trans.__('Writing the environment…')
    );
  }

  copy(text: string): void {
    const { trans } = this.options;
    Clipboard.copyToSystem(text);
    this.toasts.say(trans.__('Copied: %1', text));
  }

  /**
   * Any verb of the table: its arguments are asked for (unless `given` are all of them), its
   * preview shown, its lines told.
   */
  async verb(
    path: string,
    verb: VerbInfo,
    given: readonly string[],
    whole = false
  ): Promise<void> {
    const { trans } = this.options;
    let call: Filled | null = { args: [...given], options: {} };
    if (!whole && askable(verb).length > 0) {
      call = await askVerb(verb, given, trans);
    }
    if (call === null) {
      return;
    }
    if (verb.place === 'kernel') {
      await this.sayKernel(verb, call);
    } else if (verb.button !== '' || hasPreview(verb)) {
      await this.previewed(path, verb.name, call, verb.button || verb.label, {});
    } else {
      const answer = await this.serverVerb(path, verb.name, call);
      if (answer !== null && answer.lines.length > 1) {
        await this.toasts.text(verb.label, answer.lines);
      }
    }
  }

  private async sayKernel(verb: VerbInfo, call: Filled): Promise<void> {
    const { model } = this.options;
    const answer = await this.toasts.during(
      this.kernelVerb(verb.name, wordsOf(call)),
      `${verb.label}…`,
      () => this.interrupt()
    );
    if (answer !== null) {
      await this.toasts.text(verb.label, linesOf(answer));
      await model.kernel?.refresh();
    }
  }

  /** Show what would happen, then do it by a button that names it. */
  private async previewed(
    path: string,
    name: string,
    call: Filled,
    button: string,
    sure: JsonObject
  ): Promise<void> {
    const { client, model, trans } = this.options;
    const verb = model.verbs.find(known => known.name === name);
    const dry = verb === undefined || hasPreview(verb);
    let lines: string[] = [];
    if (dry) {
      const would = await this.toasts.during(
        client.verb(path, name, call.args, { ...call.options, dry_run: true }),
        trans.__('Looking what would happen…')
      );
      if (would === null) {
        return;
      }
      lines = would.lines;
    }
    if (await this.toasts.confirm(button, lines, button)) {
      await this.serverVerb(path, name, { ...call, options: { ...call.options, ...sure } });
    }
  }

  private async serverVerb(
    path: string,
    name: string,
    { args, options }: Filled,
    label = `${name}…`
  ): Promise<VerbAnswer | null> {
    const { client, model, trans } = this.options;
    const task = UUID.uuid4();
    const progress = new Signal<this, string>(this);
    this.running.set(task, progress);
    const answer = await this.toasts.during(
      client.verb(path, name, args, options, task),
      label,
      () => void client.cancel(task).catch(error => this.blame(error)),
      progress
    );
    this.running.delete(task);
    if (answer === null) {
      return null;
    }
    const [first = '', ...rest] = answer.lines;
    const details = {
      label: trans.__('Details'),
      callback: () => void this.toasts.text(name, answer.lines)
    };
    this.toasts.say(first, rest.length > 0 ? [details] : [], answer.exit_code !== 0);
    await model.refresh();
    return answer;
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

/** A verb's value in lines, for verbs that answer with data only. */
function linesOf(value: Json): string[] {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const { lines } = value;
    if (Array.isArray(lines)) {
      return lines.map(String);
    }
    return Object.entries(value).map(([name, item]) => `${name}  ${text(item)}`);
  }
  return [text(value)];
}

function text(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
