/** The panel's menu: acts on the model and the repository, and the further verbs of the server. */
import { Menu } from '@lumino/widgets';
import type { CommandRegistry } from '@lumino/commands';
import { CommandIDs } from './tokens';
import type { VerbInfo } from './types';

export function openMenu(
  commands: CommandRegistry,
  verbs: readonly VerbInfo[],
  below: DOMRect
): void {
  const menu = new Menu({ commands });
  menu.addClass('jp-snapbook-menu');
  for (const command of [
    CommandIDs.openForm,
    CommandIDs.diffNow,
    CommandIDs.undo,
    '',
    CommandIDs.rename,
    CommandIDs.verify,
    CommandIDs.gc,
    CommandIDs.refresh
  ]) {
    menu.addItem(command === '' ? { type: 'separator' } : { command });
  }
  if (verbs.length > 0) {
    menu.addItem({ type: 'separator' });
    for (const verb of verbs) {
      menu.addItem({ command: CommandIDs.verb(verb.name) });
    }
  }
  menu.aboutToClose.connect(() => window.setTimeout(() => menu.dispose(), 0));
  menu.open(below.left, below.bottom);
}
