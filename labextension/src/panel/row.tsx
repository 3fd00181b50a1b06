/** One version in the list: two lines of text, everything in text nodes. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { ageText, deltaText, fullDate, numberText, saidOf, spokenRow, valueText } from '../format';
import type { Row } from '../types';

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
        <span className="jp-snapbook-number">
          {props.named ? row.ref : numberText(row.number)}
        </span>
        <span className="jp-snapbook-gap" />
        <span className="jp-snapbook-value">
          {metric === undefined ? '' : valueText(metric.value)}
        </span>
        <DeltaView delta={delta} />
        <time className="jp-snapbook-age" dateTime={row.time}>
          {ageText(row.time, props.now, trans)}
        </time>
      </div>
      <div className="jp-snapbook-line jp-snapbook-second">
        {row.aliases.map(alias => (
          <span key={alias} className="jp-snapbook-alias">
            {alias}
          </span>
        ))}
        <span className={`jp-snapbook-said${row.damage ? ' jp-mod-warn' : ''}`}>
          {saidOf(row, trans)}
        </span>
        {Object.keys(row.tags).map(tag => (
          <span key={tag} className="jp-snapbook-tag">
            #{tag}
          </span>
        ))}
        <span className="jp-snapbook-signs" aria-hidden="true">
          {row.provenance === 'other' ? '⧉' : ''}
          {row.pushed === false ? '⇡' : ''}
          {row.reproduced === true ? '✓r' : ''}
          {row.signed || !props.signing ? '' : '✎?'}
        </span>
      </div>
    </div>
  );
});

/** A delta with its sign and an arrow: colour only repeats them. */
export function DeltaView({ delta }: { delta: Delta }): JSX.Element {
  const { delta: size, better } = delta;
  const text = deltaText(size);
  const kind = better === true ? 'better' : better === false ? 'worse' : 'same';
  return (
    <span className={`jp-snapbook-delta jp-mod-${kind}`}>
      {text}
      {text !== '' && size !== 0 && better !== null ? (better ? ' ▲' : ' ▼') : ''}
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
  lines.push(row.signed ? trans.__('signed') : trans.__('not signed'));
  if (row.pushed === false) {
    lines.push(trans.__('not pushed'));
  }
  return lines.filter(line => line !== '').join('\n');
}
