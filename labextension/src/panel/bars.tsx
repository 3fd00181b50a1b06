/** The one-line bars: where I stand, what can be taken back, what is compared, what it weighs. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { countText, numberOf, sizeText } from '../format';
import { CommandIDs } from '../tokens';
import type { Place } from '../types';
import type { Acts } from './acts';

export interface StandProps {
  parent: string;
  cells: number;
  acts: Acts;
  trans: TranslationBundle;
}

/** "2 cells changed since 0.3.1": opens what differs between now and that version. */
export function Stand({ parent, cells, acts, trans }: StandProps): JSX.Element | null {
  if (parent === '') {
    return null;
  }
  const text =
    cells === 0
      ? trans.__('nothing changed since %1', numberOf(parent))
      : trans._n('%1 cell changed since %2', '%1 cells changed since %2', cells, numberOf(parent));
  if (cells === 0 || !acts.has(CommandIDs.diffNow)) {
    return <div className="jp-snapbook-stand">{text}</div>;
  }
  return (
    <button
      type="button"
      className="jp-snapbook-stand"
      title={trans.__('Compare the live session with %1', parent)}
      onClick={() => acts.run(CommandIDs.diffNow, { ref: parent })}
    >
      <span>{text}</span>
      <span aria-hidden="true">›</span>
    </button>
  );
}

/** What the last restore can give back; stays until the next restore or restart. */
export function UndoBar(props: { undo: string; acts: Acts; trans: TranslationBundle }): JSX.Element {
  const { undo, acts, trans } = props;
  return (
    <div className="jp-snapbook-bar" role="status">
      <span className="jp-snapbook-said">{undo}</span>
      <button
        type="button"
        className="jp-snapbook-link"
        onClick={() => acts.run(CommandIDs.undo)}
      >
        {trans.__('Undo')}
      </button>
    </div>
  );
}

export interface CompareProps {
  marks: readonly string[];
  acts: Acts;
  pinned: boolean;
  trans: TranslationBundle;
  onClear(): void;
}

/** What is marked for comparing, and the keys that compare. */
export function CompareBar({ marks, acts, pinned, trans, onClear }: CompareProps): JSX.Element {
  const [one, two] = marks;
  const text =
    two === undefined
      ? trans.__('%1 marked. Mark a second, or', numberOf(one))
      : trans.__('%1 and %2 marked.', numberOf(one), numberOf(two));
  const can = acts.has(CommandIDs.diff);
  return (
    <div className="jp-snapbook-bar jp-mod-compare" role="status">
      <span>{text}</span>
      {can && (
        <button
          type="button"
          className="jp-snapbook-link"
          onClick={() => acts.run(CommandIDs.diff)}
        >
          {two === undefined ? trans.__('D: with the one before') : trans.__('D: compare them')}
        </button>
      )}
      {can && two === undefined && pinned && (
        <button
          type="button"
          className="jp-snapbook-link"
          onClick={() => acts.run(CommandIDs.diffProduction, { ref: one })}
        >
          {trans.__('P: with production')}
        </button>
      )}
      <button type="button" className="jp-snapbook-link" onClick={onClear}>
        {trans.__('Esc: clear')}
      </button>
    </div>
  );
}

export interface FooterProps {
  place: Place | null;
  /** How many match the search; null where all are shown or it is not known. */
  matches: number | null;
  acts: Acts;
  trans: TranslationBundle;
}

/** How many versions, what they weigh. The size leads to freeing space. */
export function Footer({ place, matches, acts, trans }: FooterProps): JSX.Element | null {
  if (place === null || !place.exists) {
    return null;
  }
  const full = place.budget_bytes > 0 && place.bytes > 0.8 * place.budget_bytes;
  const versions = trans._n(
    '%2 version',
    '%2 versions',
    place.versions,
    countText(place.versions)
  );
  return (
    <footer className="jp-snapbook-footer">
      <span role="status">
        {matches === null ? versions : trans.__('%1 match', countText(matches))}
      </span>
      {place.bytes > 0 && (
        <button
          type="button"
          className={`jp-snapbook-link${full ? ' jp-mod-warn' : ''}`}
          title={trans.__('Free space…')}
          onClick={() => acts.run(CommandIDs.gc)}
        >
          {full
            ? trans.__('%1 of %2', sizeText(place.bytes), sizeText(place.budget_bytes))
            : sizeText(place.bytes)}
        </button>
      )}
      <span className="jp-snapbook-gap" />
      <span className="jp-snapbook-place" title={place.why || place.display}>
        {place.display}
      </span>
    </footer>
  );
}
