/**
 * What is said in passing: errors with their details, long acts with a way to stop them.
 */
import { Clipboard, Dialog, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { ApiError } from './client';
import { VerbError } from './kernel';
import type { Hint } from './types';

/** An act is told as going on only if it takes longer than this. */
const QUIET_MS = 700;

/** What an error says, whatever threw it. */
export interface Told {
  kind: string;
  message: string;
  hint: Hint | null;
}

export function told(error: unknown): Told {
  if (error instanceof ApiError) {
    return {
      kind: error.kind,
      message: [error.message, error.act].filter(Boolean).join(' '),
      hint: error.hint
    };
  }
  if (error instanceof VerbError) {
    return { kind: error.kind, message: error.message, hint: error.hint };
  }
  return { kind: 'panel', message: error instanceof Error ? error.message : String(error), hint: null };
}

/** The command line that a hint stands for. */
export function hintLine(hint: Hint): string {
  return ['snapbook', hint.verb, ...hint.args].join(' ');
}

/** Toasts are cut by JupyterLab at 140 characters; we cut at a word. */
function short(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim();
  return line.length <= 136 ? line : `${line.slice(0, 135).replace(/\s\S*$/, '')}…`;
}

/** Tells how far something is. */
export type Progress = ISignal<unknown, string>;

/** Says things in passing, and asks. */
export class Toasts {
  constructor(
    private readonly trans: TranslationBundle,
    /** The act that a hint proposes, where it can be done here. */
    private readonly offer: (hint: Hint) => Notification.IAction | null
  ) {}

  /** An error as a toast: what helps, and its details, behind buttons. */
  error(error: unknown): void {
    const { trans } = this;
    const { kind, message, hint } = told(error);
    const lines = [message, ...(hint === null ? [] : ['', hintLine(hint)]), '', `kind: ${kind}`];
    const helps = hint === null ? null : this.offer(hint);
    const details = {
      label: trans.__('Details'),
      callback: () => void this.text(trans.__('What did not happen'), lines)
    };
    Notification.error(short(message), {
      autoClose: 15000,
      actions: helps === null ? [details] : [helps, details]
    });
  }

  /** A line in passing. */
  say(message: string, actions: Notification.IAction[] = [], warn = false): void {
    Notification.emit(short(message), warn ? 'warning' : 'success', { autoClose: 6000, actions });
  }

  /**
   * Wait for an act. One that takes long shows itself as going on, with a button that stops it.
   * Errors are toasts, and come back as null.
   */
  async during<T>(
    act: Promise<T>,
    label: string,
    cancel?: () => void,
    progress?: Progress
  ): Promise<T | null> {
    let id = '';
    let message = label;
    const timer = window.setTimeout(() => {
      id = Notification.emit(message, 'in-progress', {
        autoClose: false,
        actions: cancel === undefined ? [] : [{ label: this.trans.__('Cancel'), callback: cancel }]
      });
    }, QUIET_MS);
    const follow = (_: unknown, far: string): void => {
      message = `${label} ${far}`;
      if (id !== '') {
        Notification.update({ id, message });
      }
    };
    progress?.connect(follow);
    try {
      return await act;
    } catch (error) {
      this.error(error);
      return null;
    } finally {
      progress?.disconnect(follow);
      window.clearTimeout(timer);
      if (id !== '') {
        Notification.dismiss(id);
      }
    }
  }

  /** Lines of text in a dialog, as text. */
  async text(title: string, lines: readonly string[]): Promise<void> {
    const { trans } = this;
    const result = await showDialog({
      title,
      body: textBody(lines),
      buttons: [
        Dialog.createButton({ label: trans.__('Copy'), actions: ['copy'] }),
        Dialog.okButton({ label: trans.__('Close') })
      ]
    });
    if (result.button.actions.includes('copy')) {
      Clipboard.copyToSystem(lines.join('\n'));
    }
  }

  /** A sentence in a dialog, with nothing to decide. */
  async tell(title: string, lines: readonly string[]): Promise<void> {
    await showDialog({
      title,
      body: textBody(lines),
      buttons: [Dialog.okButton({ label: this.trans.__('Close') })]
    });
  }

  /**
   * Ask before something that is lost or seen by others: what will happen, and a button that names
   * it. The keyboard is on Cancel.
   */
  async confirm(title: string, lines: readonly string[], button: string): Promise<boolean> {
    const result = await showDialog({
      title,
      body: textBody(lines),
      buttons: [
        Dialog.cancelButton({ label: this.trans.__('Cancel') }),
        Dialog.warnButton({ label: button })
      ],
      defaultButton: 0
    });
    return result.button.accept;
  }

  /** Ask for one of `items`, the first if nothing else is said: its place; null where cancelled. */
  async choose(
    title: string,
    button: string,
    label: string,
    items: readonly string[]
  ): Promise<number | null> {
    const result = await InputDialog.getItem({ title, label, items: [...items], okLabel: button });
    const chosen = result.value === null ? -1 : items.indexOf(result.value);
    return result.button.accept && chosen >= 0 ? chosen : null;
  }

  /** Ask for a line of text; null where it was cancelled. */
  async line(title: string, button: string, placeholder: string): Promise<string | null> {
    const result = await InputDialog.getText({ title, okLabel: button, placeholder });
    return result.button.accept ? result.value : null;
  }
}

function textBody(lines: readonly string[]): Widget {
  const node = document.createElement('pre');
  node.className = 'jp-snapbook-text';
  node.textContent = lines.join('\n');
  return new Widget({ node });
}
