/** Which version this is: its name, marks, who made it from what, and what can be done with it. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Digest, Moment, Said } from '../common/said';
import { failure } from '../common/source';
import { Entry, openMenu } from '../common/surroundings';
import { inline } from '../common/text';
import type { PageActions } from '../tokens';
import type { Row, Version } from '../types';

/** What the header needs; `pins` tells the protected aliases' versions, for the Diff menu. */
export interface HeaderProps {
  version: Version;
  path: string;
  trans: TranslationBundle;
  actions: PageActions;
  pins: () => Promise<Row[]>;
}

/** The first lines of the page. */
export function Header(props: HeaderProps): JSX.Element {
  const { version, path, trans, actions } = props;
  const row = version.row;
  return (
    <header className="jp-snapbook-Header">
      <div className="jp-snapbook-Header-line">
        <div className="jp-snapbook-Header-name">
          <h1>
            <Said text={row.ref} longest={140} />
          </h1>
          <Marks row={row} trans={trans} />
        </div>
        <div className="jp-snapbook-Header-acts" role="group" aria-label={trans.__('Actions')}>
          <DiffButton {...props} />
          {actions.restore !== undefined && (
            <button
              type="button"
              className="jp-snapbook-Button"
              onClick={() => actions.restore?.(path, row.ref)}
            >
              {trans.__('Restore…')}
            </button>
          )}
          {actions.review !== undefined && (
            <button
              type="button"
              className="jp-snapbook-Button"
              onClick={() => actions.review?.(path, row.ref)}
            >
              {trans.__('Review…')}
            </button>
          )}
          <MoreButton {...props} />
        </div>
      </div>
      {row.damage && (
        <div role="alert" className="jp-snapbook-Trouble">
          {inline(row.damage, 300)}
        </div>
      )}
      <Provenance {...props} />
    </header>
  );
}

function Marks(props: { row: Row; trans: TranslationBundle }): JSX.Element | null {
  const { row, trans } = props;
  const tags = Object.entries(row.tags);
  if (row.aliases.length === 0 && tags.length === 0) {
    return null;
  }
  return (
    <ul className="jp-snapbook-Marks" aria-label={trans.__('Aliases and tags')}>
      {row.aliases.map(alias => (
        <li key={`@${alias}`} className="jp-snapbook-Badge jp-mod-alias">
          <span aria-hidden="true">◆ </span>
          <Said text={alias} longest={40} />
        </li>
      ))}
      {tags.map(([name, value]) => (
        <li key={`#${name}`} className="jp-snapbook-Badge">
          <Said text={value ? `#${name}=${value}` : `#${name}`} longest={40} />
        </li>
      ))}
    </ul>
  );
}

function Provenance(props: HeaderProps): JSX.Element {
  const { version, path, trans, actions } = props;
  const { row } = version;
  const signer = row.signed
    ? trans.__('signed by %1', inline(version.manifest.author.name || row.author, 60))
    : trans.__('not signed');
  const said = row.message || row.reason;
  return (
    <div className="jp-snapbook-Provenance">
      {said && (
        <div className="jp-snapbook-Message">
          <Said text={said} longest={1000} />
        </div>
      )}
      {row.message && row.reason && (
        <div>
          <Said
            text={row.bump === 'first' ? row.reason : `${row.bump}: ${row.reason}`}
            longest={400}
          />
        </div>
      )}
      <ul className="jp-snapbook-Dotted">
        <li>
          <Said text={row.author} longest={60} />
        </li>
        <li>
          <Moment time={row.time} />
        </li>
        {row.notebook && (
          <li>
            {row.provenance === 'this' && actions.openFile !== undefined ? (
              <button
                type="button"
                className="jp-snapbook-Link"
                onClick={() => actions.openFile?.(path)}
              >
                <Said text={row.notebook} longest={80} />
              </button>
            ) : (
              <Said text={row.notebook} longest={80} />
            )}
          </li>
        )}
        {row.previous && (
          <li>
            {trans.__('after')}{' '}
            <button
              type="button"
              className="jp-snapbook-Link"
              onClick={() => row.previous && actions.openVersion(path, row.previous.ref)}
            >
              <Said text={row.previous.ref} longest={80} />
            </button>
          </li>
        )}
        <li>{signer}</li>
        <li>
          <Digest digest={row.manifest} trans={trans} onCopy={actions.copy} />
        </li>
      </ul>
    </div>
  );
}

function DiffButton(props: HeaderProps): JSX.Element {
  const { version, path, trans, actions, pins } = props;
  const { row } = version;
  const open = async (anchor: HTMLElement): Promise<void> => {
    const entries: Entry[] = [];
    if (row.previous) {
      entries.push({
        label: trans.__('With the one before (%1)', inline(row.previous.ref, 60)),
        act: () => actions.openDiff(path, row.previous?.ref ?? row.ref, row.ref)
      });
    }
    for (const pin of await pinned(pins)) {
      if (pin.manifest !== row.manifest && pin.alias) {
        entries.push({
          label: trans.__('With %1 (%2)', inline(pin.alias, 40), inline(pin.ref, 60)),
          act: () => actions.openDiff(path, pin.ref, row.ref)
        });
      }
    }
    if (actions.restore !== undefined) {
      entries.push({
        label: trans.__('With what is in the kernel now'),
        act: () => actions.openDiff(path, row.ref, 'now')
      });
    }
    openMenu(anchor, entries);
  };
  return (
    <button
      type="button"
      className="jp-snapbook-Button"
      aria-haspopup="menu"
      aria-expanded="false"
      onClick={event => void open(event.currentTarget)}
    >
      {trans.__('Diff')} <span aria-hidden="true">▾</span>
    </button>
  );
}

/** The pinned rows; none where they cannot be told, for the menu is useful without them. */
async function pinned(pins: () => Promise<Row[]>): Promise<Row[]> {
  try {
    return await pins();
  } catch (reason) {
    console.debug(failure(reason).message);
    return [];
  }
}

function MoreButton(props: HeaderProps): JSX.Element {
  const { version, path, trans, actions } = props;
  const { ref } = version.row;
  const entries: Entry[] = [
    ...(actions.tag ? [{ label: trans.__('Tag…'), act: () => actions.tag?.(path, ref) }] : []),
    ...(actions.note ? [{ label: trans.__('Add a note…'), act: () => actions.note?.(path, ref) }] : []),
    { label: trans.__('Copy reference'), act: () => actions.copy(ref) },
    ...(actions.exportVersion
      ? [{ label: trans.__('Export…'), act: () => actions.exportVersion?.(path, ref) }]
      : []),
    ...(actions.remove ? [null, { label: trans.__('Delete…'), act: () => actions.remove?.(path, ref) }] : [])
  ];
  return (
    <button
      type="button"
      className="jp-snapbook-Button"
      aria-haspopup="menu"
      aria-expanded="false"
      aria-label={trans.__('More actions')}
      onClick={event => openMenu(event.currentTarget, entries)}
    >
      <span aria-hidden="true">⋯</span>
    </button>
  );
}
