/** What JupyterLab gives to the components: its menus under a button, its drop-down. */
import { HTMLSelect } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import type { Entry, Surroundings } from './common/surroundings';

/** The surroundings in JupyterLab and Notebook. */
export const IN_LAB: Surroundings = { openMenu, Select: HTMLSelect };

function openMenu(anchor: HTMLElement, entries: readonly Entry[]): void {
  const commands = new CommandRegistry();
  const menu = new Menu({ commands });
  entries.forEach((entry, at) => {
    if (entry === null) {
      menu.addItem({ type: 'separator' });
      return;
    }
    const id = `entry-${at}`;
    // Menus read & as a mnemonic; a name may hold one.
    commands.addCommand(id, { label: entry.label, execute: entry.act, mnemonic: -1 });
    menu.addItem({ command: id });
  });
  menu.aboutToClose.connect(() => {
    anchor.setAttribute('aria-expanded', 'false');
    anchor.focus();
    // After the command ran: it is carried out when the menu has closed.
    window.setTimeout(() => menu.dispose(), 0);
  });
  const place = anchor.getBoundingClientRect();
  anchor.setAttribute('aria-expanded', 'true');
  menu.open(place.left, place.bottom);
  menu.activateNextItem();
}
