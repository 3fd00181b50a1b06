/**
 * Asks what a restore is to bring back, after saying what it would change.
 *
 * Only asks: the doing is the caller's. Replacing the cells of the open notebook needs a second
 * named button. The keyboard begins on the safe button where something can be lost.
 */
import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { middle } from '../common/text';
import { RestoreBody } from './body';
import { Before, buttonLabel, Choice, isEmpty, lost, usual } from './choice';

/** The choice, or null if it was cancelled. */
export async function askRestore(
  options: Before & { trans: TranslationBundle }
): Promise<Choice | null> {
  const { trans } = options;
  let choice: Choice | null = usual(options);
  for (;;) {
    choice = await askWhat(options, choice, trans);
    if (choice === null || choice.cells !== 'replace') {
      return choice;
    }
    if (await askReplace(options, trans)) {
      return choice;
    }
  }
}

/** `choice` is what is chosen at first: the usual, or what was chosen before *Back*. */
async function askWhat(
  before: Before,
  choice: Choice,
  trans: TranslationBundle
): Promise<Choice | null> {
  const body = new RestoreBody(before, choice, trans);
  const label = (choice: Choice): string =>
    choice.cells === 'replace'
      ? trans.__('%1…', buttonLabel(before, choice, trans))
      : buttonLabel(before, choice, trans);
  const atRisk = lost(before.preview).length > 0;
  const first = label(body.getValue());
  const dialog = new Dialog<Choice>({
    title: trans.__('Restore %1', middle(before.preview.ref, 60)),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: first, ariaLabel: first })
    ],
    defaultButton: atRisk ? 0 : 1
  });
  body.changed.connect((_, choice) => nameButton(dialog, label(choice), isEmpty(choice)));
  const { button, value } = await dialog.launch();
  return button.accept && value !== null && !isEmpty(value) ? value : null;
}

/** The second button: what becomes of the cells that are here. */
async function askReplace(before: Before, trans: TranslationBundle): Promise<boolean> {
  const { cells, preview } = before;
  const here = middle(cells?.here ?? '', 60);
  const kept =
    cells?.unsaved === true
      ? trans.__('%1 is saved with your unsaved edits, and a copy of it is put beside it first.', here)
      : trans.__('A copy of %1 is put beside it first.', here);
  const dialog = new Dialog({
    title: trans.__('Replace all cells of %1?', here),
    body: `${trans._n(
      'They give way to the %1 cell of %2.',
      'They give way to the %1 cells of %2.',
      cells?.count ?? 0,
      middle(preview.ref, 60)
    )} ${kept}`,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Back') }),
      Dialog.warnButton({ label: trans.__('Replace cells of %1', here) })
    ],
    defaultButton: 0
  });
  return (await dialog.launch()).button.accept;
}

/** Name the button by what it will do; a dialog of JupyterLab has fixed labels. */
function nameButton(dialog: Dialog<Choice>, label: string, disabled: boolean): void {
  const button = dialog.node.querySelector<HTMLButtonElement>('button.jp-mod-accept');
  const text = button?.querySelector('.jp-Dialog-buttonLabel');
  if (button && text) {
    text.textContent = label;
    button.setAttribute('aria-label', label);
    button.disabled = disabled;
  }
}
