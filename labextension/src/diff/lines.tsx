/** Changed lines, one under the other or side by side. Signs and words, never colour alone. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Spans } from '../common/code';
import type { Span } from '../common/colours';
import { More } from '../common/more';
import { usePainted } from '../common/painter';
import { block } from '../common/text';
import { painted, type Painted } from './paint';
import { Pair, Piece, Row, rows } from './words';

/** Lines of one change that are shown at once; the rest when asked for. */
const FIRST_LINES = 200;
/** The same in a comparison that is long as a whole: the browser holds what it shows. */
const FIRST_OF_MANY = 15;
const MANY_LINES = 5_000;

/** How many lines of one change are shown at once, where all changes have `total`. */
export function firstLines(total: number): number {
  return total > MANY_LINES ? FIRST_OF_MANY : FIRST_LINES;
}

/** The lines of a change. */
export function DiffLines(props: {
  lines: readonly string[];
  /** Whether they are Python. */
  code: boolean;
  /** How many are shown at once. */
  first: number;
  sideBySide: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { lines, code, first, sideBySide, trans } = props;
  const [shown, setShown] = React.useState(first);
  const found = React.useMemo(() => rows(lines.slice(0, shown).map(block)), [lines, shown]);
  const element = React.useRef<HTMLDivElement>(null);
  const colours = usePainted(element, found, parser => (code ? painted(found, parser) : null));
  const Shape = sideBySide ? SideBySide : Inline;
  return (
    <div className="jp-snapbook-DiffLines" dir="ltr" ref={element}>
      <Shape rows={found} colours={colours} trans={trans} />
      {shown < lines.length && (
        <More onMore={() => setShown(shown + 10 * FIRST_LINES)}>
          {trans.__('large, %1 more lines [show]', lines.length - shown)}
        </More>
      )}
    </div>
  );
}

interface RowsProps {
  rows: readonly Row[];
  /** The colours of the lines, by their pieces; null while or where there are none. */
  colours: Painted | null;
  trans: TranslationBundle;
}

function Inline(props: RowsProps): JSX.Element {
  const { colours, trans } = props;
  return (
    <div className="jp-snapbook-Inline">
      {hunks(props.rows).map((row, at) =>
        row.kind === 'other' ? (
          <OneLine
            key={at}
            sign=" "
            pieces={[{ text: row.text, marked: false }]}
            colours={null}
            trans={trans}
          />
        ) : (
          <OneLine
            key={at}
            sign={row.sign}
            pieces={row.pieces}
            colours={colours}
            trans={trans}
          />
        )
      )}
    </div>
  );
}

type Single =
  | { kind: 'other'; text: string }
  | { kind: 'line'; sign: '-' | '+'; pieces: Piece[] };

/** Pairs as lines: all that went of a hunk, then all that came. */
function hunks(found: readonly Row[]): Single[] {
  const told: Single[] = [];
  let came: Single[] = [];
  let hunk = -1;
  for (const row of found) {
    if (row.kind === 'other' || row.hunk !== hunk) {
      told.push(...came);
      came = [];
    }
    if (row.kind === 'other') {
      told.push({ kind: 'other', text: row.text });
      continue;
    }
    hunk = row.hunk;
    if (row.pair.old !== null) {
      told.push({ kind: 'line', sign: '-', pieces: row.pair.old });
    }
    if (row.pair.now !== null) {
      came.push({ kind: 'line', sign: '+', pieces: row.pair.now });
    }
  }
  return [...told, ...came];
}

function SideBySide(props: RowsProps): JSX.Element {
  const { colours, trans } = props;
  return (
    <div className="jp-snapbook-Side">
      {props.rows.map((row, at) =>
        row.kind === 'other' ? (
          <div key={at} className="jp-snapbook-Side-other">
            {row.text}
          </div>
        ) : (
          <React.Fragment key={at}>
            <Half pieces={row.pair.old} sign="-" colours={colours} trans={trans} />
            <Half pieces={row.pair.now} sign="+" colours={colours} trans={trans} />
          </React.Fragment>
        )
      )}
    </div>
  );
}

function Half(props: {
  pieces: Pair['old'];
  sign: '-' | '+';
  colours: Painted | null;
  trans: TranslationBundle;
}): JSX.Element {
  return props.pieces === null ? (
    <div className="jp-snapbook-DiffLine jp-mod-none" />
  ) : (
    <OneLine {...props} pieces={props.pieces} />
  );
}

function OneLine(props: {
  sign: '-' | '+' | ' ';
  pieces: readonly Piece[];
  colours: Painted | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { sign, pieces, colours, trans } = props;
  const kind = sign === '-' ? 'jp-mod-old' : sign === '+' ? 'jp-mod-new' : 'jp-mod-other';
  const name = sign === '-' ? trans.__('removed') : sign === '+' ? trans.__('added') : '';
  const Mark = sign === '-' ? 'del' : 'ins';
  const plain = (): Span[][] => pieces.map(({ text }) => [{ text, kind: '' }]);
  const texts = colours?.get(pieces) ?? plain();
  return (
    <div className={`jp-snapbook-DiffLine ${kind}`}>
      <span aria-hidden="true" className="jp-snapbook-Sign">
        {sign}
      </span>
      {name && <span className="jp-snapbook-sr">{name}: </span>}
      <code>
        {pieces.map((piece, at) =>
          piece.marked && sign !== ' ' ? (
            <Mark key={at}>
              <Spans spans={texts[at]} />
            </Mark>
          ) : (
            <Spans key={at} spans={texts[at]} />
          )
        )}
      </code>
    </div>
  );
}
