/** A menu under a button: Lumino's own, so that keys, roles and themes are JupyterLab's. */
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

/** One entry; `null` is a line between entries. */
export type Entry = { label: string; act: () => void } | null;

/** Open a menu below `anchor`; the keyboard goes back to it afterwards. */
export function openMenu(anchor: HTMLElement, entries: readonly Entry[]): Menu {
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
  return menu;
}
