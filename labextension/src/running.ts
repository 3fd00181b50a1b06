/**
 * Verbs of the server's table as acts: asked for, previewed, confirmed, followed, told.
 *
 * Knows the shape of a verb and none by name, so that one that the core learns needs nothing here.
 * Nothing here throws: what did not happen is a toast.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import type { Client } from './client';
import { countText } from './format';
import type { Model } from './model';
import type { Toasts } from './toasts';
import type { JsonObject, VerbAnswer, VerbInfo } from './types';
import {
  askable,
  freesNothing,
  hasPreview,
  linesOf,
  namedButton,
  titleOf,
  wordsOf,
  type Filled
} from './verbcall';
import { askVerb } from './verbform';

export interface RunningOptions {
  model: Model;
  client: Client;
  trans: TranslationBundle;
  toasts: Toasts;
}

/** A verb that is shown before it is done. */
export interface Previewed {
  name: string;
  call: Filled;
  /** What the dialog is about, and what its button does. */
  title: string;
  button: string;
  /** Words above the preview, "" for none. */
  help?: string;
  /** Options that say that it was asked for. */
  sure?: JsonObject;
}

export class Running {
  /** Verbs that run in the server, by the ids that they were begun with. */
  private readonly tasks = new Map<string, Signal<this, string>>();

  constructor(private readonly options: RunningOptions) {}

  private get toasts(): Toasts {
    return this.options.toasts;
  }

  /** The server tells how far a verb is. */
  onProgress(task: string, what: string, done: number, of: number): void {
    this.tasks.get(task)?.emit(of > 0 ? `${what} ${countText(done)} / ${countText(of)}` : what);
  }

  /**
   * Any verb of the table: its arguments are asked for (unless `given` are all of them), its
   * preview shown, its lines told.
   */
  async verb(path: string, verb: VerbInfo, given: readonly string[], whole: boolean): Promise<void> {
    const { trans } = this.options;
    let call: Filled | null = { args: [...given], options: {} };
    if (!whole && askable(verb).length > 0) {
      call = await askVerb(verb, given, trans);
    }
    if (call === null) {
      return;
    }
    const title = titleOf(verb, call.args);
    if (verb.place === 'kernel') {
      await this.inKernel(verb, call, title);
    } else if (verb.button !== '' || hasPreview(verb)) {
      const { name, help } = verb;
      await this.previewed(path, { name, call, title, button: namedButton(verb, call), help });
    } else {
      const answer = await this.onServer(path, verb.name, call);
      if (answer !== null && answer.lines.length > 1) {
        await this.toasts.text(title, answer.lines);
      }
    }
  }

  /** Show what would happen, then do it by a button that names it. */
  async previewed(path: string, asked: Previewed): Promise<void> {
    const { client, model, trans } = this.options;
    const { name, call, title, button, help = '', sure = {} } = asked;
    const verb = model.verbs.find(known => known.name === name);
    let lines: string[] = [];
    if (verb === undefined || hasPreview(verb)) {
      const would = await this.toasts.during(
        client.verb(path, name, call.args, { ...call.options, dry_run: true }),
        trans.__('Looking what would happen…')
      );
      if (would === null) {
        return;
      }
      if (freesNothing(would.value)) {
        await this.toasts.tell(title, [trans.__('Nothing to free.')]);
        return;
      }
      lines = would.lines;
    }
    const said = help === '' || lines.length === 0 ? [help, ...lines] : [help, '', ...lines];
    if (await this.toasts.confirm(title, said.slice(help === '' ? 1 : 0), button)) {
      await this.onServer(path, name, { ...call, options: { ...call.options, ...sure } });
    }
  }

  /** Run a verb in the server and say its first line; null where that failed, which is said too. */
  async onServer(
    path: string,
    name: string,
    { args, options }: Filled,
    label = `${name}…`
  ): Promise<VerbAnswer | null> {
    const { client, model, trans } = this.options;
    const task = UUID.uuid4();
    const progress = new Signal<this, string>(this);
    this.tasks.set(task, progress);
    const answer = await this.toasts.during(
      client.verb(path, name, args, options, task),
      label,
      () => void client.cancel(task).catch(error => this.toasts.error(error)),
      progress
    );
    this.tasks.delete(task);
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

  private async inKernel(verb: VerbInfo, call: Filled, title: string): Promise<void> {
    const { model, trans } = this.options;
    const { kernel } = model;
    if (kernel === null) {
      this.toasts.error(new Error(trans.__('There is no notebook with a kernel.')));
      return;
    }
    const answer = await this.toasts.during(
      kernel.verb(verb.name, wordsOf(call)),
      `${verb.label}…`,
      () => void kernel.kernel?.interrupt()
    );
    if (answer !== null) {
      await this.toasts.text(title, linesOf(answer));
      await kernel.refresh();
    }
  }
}
