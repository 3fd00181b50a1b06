/**
 * Restore: what would change is shown, the choice is done, and what was is kept.
 *
 * Model and data go into the kernel by the verb; cells into a new notebook, or in place of those
 * here, after the notebook as it stands was kept beside itself.
 */
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { numberOf, numberText } from './format';
import type { Model } from './model';
import { lost, type Choice } from './restore/choice';
import { askRestore } from './restore/dialog';
import type { Toasts } from './toasts';
import { CommandIDs } from './tokens';
import type { Offer, Restored, Saved, VerbAnswer } from './types';
import { saveWords } from './words';

/** The dialog does not wait longer for the number that a snapshot would get. */
const PATIENCE_MS = 1500;

export interface RestoringOptions {
  app: JupyterFrontEnd;
  model: Model;
  trans: TranslationBundle;
  toasts: Toasts;
  /** Load snapbook in the kernel where it is not; whether it is there then. */
  load: () => Promise<boolean>;
  /** The notebook of a path, if it is open. */
  notebook: (path: string) => NotebookPanel | null;
}

export class Restoring {
  constructor(private readonly options: RestoringOptions) {}

  /** Ask what to restore of a version, and do it. */
  async restore(path: string, ref: string): Promise<void> {
    const { load, model, toasts, trans } = this.options;
    if (model.kernel?.state === 'not-loaded' && !(await load())) {
      return;
    }
    const looked = await toasts.during(
      this.look(ref),
      trans.__('Looking what %1 would change…', ref)
    );
    if (looked === null) {
      return;
    }
    const { preview, next } = looked;
    const choice = await askRestore({ ...this.before(path, ref, preview), next, trans });
    if (choice === null) {
      return;
    }
    if (choice.model || choice.data) {
      await this.intoKernel(ref, choice);
    }
    if (choice.cells !== null) {
      await toasts.during(this.cells(path, ref, choice.cells), trans.__('Restoring cells…'));
    }
    await model.kernel?.refresh();
  }

  /** What a restore would change, and which version would keep first what it would lose. */
  private async look(ref: string): Promise<{ preview: Restored; next?: string }> {
    const preview = await this.verb([ref, '--dry-run']);
    const first = lost(preview)[0];
    if (first === undefined) {
      return { preview };
    }
    // The number is a kindness: what takes long to tell is left out.
    const next = await Promise.race([
      this.next(ref, first.name).catch((): undefined => undefined),
      new Promise<undefined>(done => window.setTimeout(() => done(undefined), PATIENCE_MS))
    ]);
    return { preview, next };
  }

  /** The version that a snapshot of `variable` would be, under the model's name of `ref`. */
  private async next(ref: string, variable: string): Promise<string | undefined> {
    const name = ref.replace(/:[^:]*$/, '');
    const words = saveWords({ name, variable });
    const answer = await this.options.model.kernel?.verb('save', [...words, '--dry-run']);
    const { version } = answer as unknown as Saved;
    return `${version.model}:${numberText(version.number)}`;
  }

  private before(path: string, ref: string, preview: Restored): Parameters<typeof askRestore>[0] {
    const panel = this.options.notebook(path);
    const offer = (what: string): Offer | undefined => preview.more?.find(one => one.what === what);
    const [data, cells] = [offer('data'), offer('cells')];
    return {
      preview,
      trans: this.options.trans,
      data: data && { frames: data.count, bytes: data.bytes ?? 0 },
      cells: cells && {
        count: cells.count,
        newNotebook: `${ref.split(':')[0].replace(/\//g, '-')}-${numberOf(ref)}.ipynb`,
        here: panel === null ? '' : PathExt.basename(path),
        unsaved: panel?.context.model.dirty ?? false
      }
    };
  }

  private async intoKernel(ref: string, choice: Choice): Promise<void> {
    const { app, model, toasts, trans } = this.options;
    const what = [
      ...(choice.model ? ['--what=model'] : []),
      ...(choice.data ? ['--what=data'] : [])
    ];
    const done = await toasts.during(
      this.verb([ref, ...what, choice.keep ? '--keep' : '--yes']),
      trans.__('Restoring %1…', ref),
      () => void model.kernel?.kernel?.interrupt()
    );
    if (done === null) {
      return;
    }
    model.kernel?.dismissRestart();
    const names = done.bound.map(([name]) => name).join(', ');
    toasts.say(
      [trans.__('%1 is %2.', names, ref), ...done.warnings].join(' '),
      [{ label: trans.__('Undo'), callback: () => void app.commands.execute(CommandIDs.undo) }],
      done.warnings.length > 0
    );
  }

  private async cells(path: string, ref: string, where: 'new' | 'replace'): Promise<void> {
    const { app, model, toasts, trans } = this.options;
    const answer: VerbAnswer = await model.client.verb(path, 'export', [ref], { to: 'notebook' });
    const file = fileOf(answer);
    const made = PathExt.join(PathExt.dirname(path), PathExt.basename(file));
    const panel = this.options.notebook(path);
    if (where === 'new' || panel === null) {
      await app.commands.execute('docmanager:open', { path: made });
      toasts.say(trans.__('The cells of %1 are in %2.', ref, PathExt.basename(made)));
      return;
    }
    const { contents } = app.serviceManager;
    // Unsaved edits go to disk first, and the notebook as it stands is kept beside itself.
    await panel.context.save();
    const kept = await contents.copy(path, PathExt.dirname(path));
    const { content } = await contents.get(made, { content: true });
    panel.context.model.fromJSON(content as INotebookContent);
    await contents.delete(made);
    toasts.say(
      trans.__('The cells are those of %1. As they were: %2', ref, PathExt.basename(kept.path)),
      [
        {
          label: trans.__('Open it'),
          callback: () => void app.commands.execute('docmanager:open', { path: kept.path })
        }
      ]
    );
  }

  private async verb(words: readonly string[]): Promise<Restored> {
    const { model, trans } = this.options;
    if (model.kernel === null) {
      throw new Error(trans.__('Restore needs the notebook and its kernel.'));
    }
    return (await model.kernel.verb('restore', words)) as unknown as Restored;
  }
}

/** The file that `export` wrote. */
function fileOf({ value, lines }: VerbAnswer): string {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const { file, path, files } = value;
    const found = file ?? path ?? (Array.isArray(files) ? files[0] : undefined);
    if (typeof found === 'string') {
      return found;
    }
  }
  return /\S+\.ipynb/.exec(lines.join(' '))?.[0] ?? '';
}
