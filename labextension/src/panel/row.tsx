/** One version in the list: two lines of text, everything in text nodes. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { OtherNotebookIcon, RegistryIcon } from '../common/icons';
import { inline } from '../common/text';
import {
  ageText,
  deltaText,
  elsewhereText,
  fullDate,
  numberText,
  saidOf,
  spokenRow,
  unpushedText,
  valueText
} from '../format';
import type { Row } from '../types';
import { NameView } from './name';

/** A row's delta, against whatever it is told against. */
export interface Delta {
  delta: number | null;
  better: boolean | null;
}

export interface RowProps {
  row: Row;
  /** The version that deltas are told against; null: the one before each. */
  baseline: Row | null;
  active: boolean;
  marked: boolean;
  /** Whether rows of several models stand together. */
  named: boolean;
  /** Whether versions are signed here, so that one without a signature stands out. */
  signing: boolean;
  place: number;
  places: number;
  top: number;
  height: number;
  /** The present minute, in milliseconds: ages change no sooner. */
  now: number;
  trans: TranslationBundle;
  onActive(ref: string): void;
  onOpen(ref: string): void;
  onMark(ref: string): void;
}

export const RowView = React.memo(function RowView(props: RowProps): JSX.Element {
  const { row, trans } = props;
  const metric = row.metrics[row.main];
  const delta = deltaAgainst(row, props.baseline);
  const classes = ['jp-snapbook-row'];
  if (props.active) {
    classes.push('jp-mod-active');
  }
  if (props.marked) {
    classes.push('jp-mod-marked');
  }
  return (
    <div
      className={classes.join(' ')}
      role="option"
      id={rowId(row.ref)}
      data-ref={row.ref}
      aria-label={spokenRow({ ...row, ...delta }, props.now, trans)}
      aria-selected={props.marked}
      aria-posinset={props.place}
      aria-setsize={props.places}
      tabIndex={props.active ? 0 : -1}
      title={titleOf(row, trans)}
      style={{ top: props.top, height: props.height }}
      onFocus={() => props.onActive(row.ref)}
      onMouseDown={event => {
        if (event.button === 2) {
          props.onActive(row.ref);
        }
      }}
      onClick={event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) {
          props.onMark(row.ref);
        }
        event.currentTarget.focus();
      }}
      onDoubleClick={() => props.onOpen(row.ref)}
    >
      <div className="jp-snapbook-line">
        <span className="jp-snapbook-mark" aria-hidden="true">
          {props.marked ? '◉' : ''}
        </span>
        {props.named && <NameView name={row.model} />}
        <span className="jp-snapbook-number">
          {`${props.named ? ':' : ''}${numberText(row.number)}`}
        </span>
        <span className="jp-snapbook-value">
          {metric === undefined ? '' : valueText(metric.value)}
        </span>
        <DeltaView delta={delta} />
        <time className="jp-snapbook-age" dateTime={row.time}>
          {ageText(row.time, props.now, trans)}
        </time>
      </div>
      <div className="jp-snapbook-line jp-snapbook-second">
        <Few kind="alias" words={row.aliases} />
        <span className={`jp-snapbook-said${row.damage ? ' jp-mod-warn' : ''}`}>
          {inline(saidOf(row, trans))}
        </span>
        <Few kind="tag" words={Object.keys(row.tags).map(tag => `#${tag}`)} />
        <Signs row={row} signing={props.signing} trans={trans} />
      </div>
    </div>
  );
});

/** How many aliases, and how many tags, stand in a row; the others are counted. */
const FEW = 2;

/** The first words, and how many more there are. */
function Few({ kind, words }: { kind: 'alias' | 'tag'; words: readonly string[] }): JSX.Element {
  const more = words.slice(FEW);
  return (
    <>
      {words.slice(0, FEW).map(word => (
        <span key={word} className={`jp-snapbook-${kind}`}>
          {inline(word, 80)}
        </span>
      ))}
      {more.length > 0 && (
        <span className="jp-snapbook-few" title={inline(more.join(' '))}>
          +{more.length}
        </span>
      )}
    </>
  );
}

interface SignsProps {
  row: Row;
  signing: boolean;
  trans: TranslationBundle;
}

/** What is unlike most rows: made elsewhere, not pushed, reproduced, not signed. */
function Signs({ row, signing, trans }: SignsProps): JSX.Element {
  const elsewhere = elsewhereText(row, trans);
  const unpushed = unpushedText(row, trans);
  const Icon = row.provenance === 'registry' ? RegistryIcon : OtherNotebookIcon;
  return (
    <span className="jp-snapbook-signs">
      {elsewhere !== '' && (
        <span className="jp-snapbook-sign" role="img" aria-label={elsewhere} title={elsewhere}>
          <Icon />
        </span>
      )}
      {unpushed === '' ? '' : <span title={unpushed}>{row.waits?.length ? '⇡…' : '⇡'}</span>}
      {row.reproduced === true ? '✓r' : ''}
      {row.signed || !signing ? '' : '✎?'}
    </span>
  );
}

/**
 * A delta with its sign and an arrow: colour only repeats them. Where there is no room for all of
 * it nothing of it is shown: the style lets it fall below the strut, out of sight.
 */
export function DeltaView({ delta }: { delta: Delta }): JSX.Element {
  const { delta: size, better } = delta;
  const told = deltaText(size);
  const arrow = told === '' || size === 0 || better === null ? '' : better ? ' ▲' : ' ▼';
  const kind = better === true ? 'better' : better === false ? 'worse' : 'same';
  const text = `${told}${arrow}`;
  return (
    <span
      className={`jp-snapbook-delta jp-mod-${kind}`}
      style={{ flexBasis: `max(52px, ${text.length}ch)` }}
    >
      <span className="jp-snapbook-strut" />
      <span>{text}</span>
    </span>
  );
}

/** The delta against `baseline` (a pinned row), where the metric and its direction are the same. */
export function deltaAgainst(row: Row, baseline: Row | null): Delta {
  if (baseline === null) {
    return { delta: row.delta, better: row.better };
  }
  const mine = row.metrics[row.main];
  const other = baseline.metrics[row.main];
  if (typeof mine?.value !== 'number' || typeof other?.value !== 'number') {
    return { delta: null, better: null };
  }
  const delta = mine.value - other.value;
  const { direction } = mine;
  const better = direction === null || delta === 0 ? null : delta > 0 === (direction === 'max');
  return { delta, better };
}

/** The id of a row's element, out of a reference that holds no spaces. */
export function rowId(ref: string): string {
  return `jp-snapbook-row-${ref}`;
}

function titleOf(row: Row, trans: TranslationBundle): string {
  const lines = [
    `${row.ref}  #${row.manifest.slice(0, 8)}`,
    trans.__('%1, %2', row.author, fullDate(row.time)),
    row.class_name
  ];
  if (row.notebook !== '') {
    lines.push(
      row.provenance === 'this' ? trans.__('%1 (this notebook)', row.notebook) : row.notebook
    );
  }
  lines.push(...(row.shared ?? []).map(ref => trans.__('in %1', ref)));
  lines.push(row.signed ? trans.__('signed') : trans.__('not signed'));
  lines.push(unpushedText(row, trans));
  return lines.filter(line => line !== '').join('\n');
}
