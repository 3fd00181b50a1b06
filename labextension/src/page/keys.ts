/**
 * The keys of pages and diffs, as commands, so that each can be bound anew.
 *
 * Single letters act only while the page has the focus; fields in it suppress them. Knows the two
 * widgets, not where they stand.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { DisposableSet, IDisposable } from '@lumino/disposable';

import type { DiffTab } from '../diff/widget';
import type { VersionPage } from './widget';

/** The page or diff that is in front, if one is. */
export interface Current {
  page: () => VersionPage | null;
  diff: () => DiffTab | null;
}

/** One act on a page, a diff or both. */
interface Key {
  id: string;
  keys: string;
  label: string;
  page?: (page: VersionPage) => void;
  diff?: (diff: DiffTab) => void;
}

const PAGE = '.jp-snapbook-Page';
const DIFF = '.jp-snapbook-Diff';

/** Add the commands and their keys. */
export function addPageKeys(
  commands: CommandRegistry,
  current: Current,
  trans: TranslationBundle
): IDisposable {
  const added = new DisposableSet();
  for (const key of table(trans)) {
    const command = `snapbook:page-${key.id}`;
    const isOn = (): boolean =>
      (key.page !== undefined && current.page() !== null) ||
      (key.diff !== undefined && current.diff() !== null);
    added.add(
      commands.addCommand(command, {
        label: key.label,
        isEnabled: isOn,
        isVisible: isOn,
        execute: () => {
          const page = current.page();
          const diff = current.diff();
          if (page !== null) {
            key.page?.(page);
          } else if (diff !== null) {
            key.diff?.(diff);
          }
        },
        describedBy: { args: { type: 'object', properties: {} } }
      })
    );
    for (const selector of [key.page && PAGE, key.diff && DIFF]) {
      if (selector) {
        added.add(commands.addKeyBinding({ command, keys: [key.keys], selector }));
      }
    }
  }
  return added;
}

function table(trans: TranslationBundle): Key[] {
  return [
    {
      id: 'next',
      keys: 'N',
      label: trans.__('Next Change or Section'),
      page: page => page.section(1),
      diff: diff => diff.move(1)
    },
    {
      id: 'previous',
      keys: 'P',
      label: trans.__('Previous Change or Section'),
      page: page => page.section(-1),
      diff: diff => diff.move(-1)
    },
    {
      id: 'outputs',
      keys: 'O',
      label: trans.__('Show or Hide Outputs'),
      page: page => page.toggleOutputs(),
      diff: diff => diff.toggleOutputs()
    },
    {
      id: 'swap',
      keys: 'X',
      label: trans.__('Exchange A and B'),
      diff: diff => diff.swap()
    },
    {
      id: 'side',
      keys: 'S',
      label: trans.__('Side by Side'),
      diff: diff => diff.toggleSideBySide()
    },
    {
      id: 'older',
      keys: '[',
      label: trans.__('Older Version'),
      page: page => page.older()
    },
    {
      id: 'newer',
      keys: ']',
      label: trans.__('Newer Version'),
      page: page => void page.newer()
    },
    {
      id: 'compare',
      keys: 'D',
      label: trans.__('Compare with the One Before'),
      page: page => page.diff()
    },
    {
      id: 'back',
      keys: 'Escape',
      label: trans.__('Back to the List'),
      page: page => page.back(),
      diff: diff => diff.back()
    }
  ];
}
