/**
 * The versions, as many as there are: only the lines in sight are in the page.
 *
 * One stop for Tab; arrows, Home, End and the page keys move inside. The line that the keyboard is
 * on stays in the page when it is scrolled away, so that the focus is never lost.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { ageText } from '../format';
import { headingOf, heightOf, HEIGHTS, lineAt, lineOf, type Layout, type Line } from '../rows';
import type { Row } from '../types';
import { RowView } from './row';

export interface ListProps {
  layout: Layout;
  /** Another number is another question: the list begins at its top. */
  question: number;
  active: string;
  marks: readonly string[];
  named: boolean;
  signing: boolean;
  /** How many versions there are, loaded or not; -1 where that is not known. */
  places: number;
  loading: boolean;
  baseline: Row | null;
  now: number;
  trans: TranslationBundle;
  onActive(key: string): void;
  onOpen(ref: string): void;
  onMark(ref: string): void;
  onFold(key: string): void;
  /** Load the rows below those from the newest on, or above those up to the oldest. */
  onMore(): void;
  onPrevious(): void;
  /** End was pressed: load the oldest, then go to the last. */
  onEnd(): void;
  /** These rows are in sight. */
  onSeen(rows: Row[]): void;
  /** The list came into the page. */
  onShown(): void;
}

/** What others may ask of the list: to scroll to a line, "" the first, and take the keyboard. */
export interface ListHandle {
  reveal(key: string, focus: boolean): void;
}

/** Lines drawn beyond the edges of the sight. */
const MARGIN_PX = 300;

export const List = React.forwardRef<ListHandle, ListProps>(function List(props, handle) {
  const { layout, active, trans } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  const [sight, setSight] = React.useState({ top: 0, height: 600 });
  const wanted = React.useRef<string | null>(null);
  /** End was pressed, and older rows are still coming. */
  const toEnd = React.useRef(false);
  const latest = React.useRef(props);
  latest.current = props;
  const anchor = useAnchor(scroller, layout);

  const look = React.useCallback(() => {
    const node = scroller.current;
    if (node !== null) {
      setSight({ top: node.scrollTop, height: node.clientHeight });
      anchor.current = anchorAt(latest.current.layout, node.scrollTop, node.clientHeight);
    }
  }, []);
  React.useLayoutEffect(() => {
    const node = scroller.current;
    if (node === null) {
      return undefined;
    }
    const observer = new ResizeObserver(look);
    observer.observe(node);
    return () => observer.disconnect();
  }, []);

  const reveal = React.useCallback((key: string, focus: boolean): void => {
    const node = scroller.current;
    const now = latest.current.layout;
    const index = key === '' ? (now.stops[0] ?? -1) : lineOf(now, key);
    if (node === null || index < 0) {
      return;
    }
    scrollTo(node, now, index);
    look();
    if (focus) {
      wanted.current = now.lines[index].key;
      latest.current.onActive(wanted.current);
    }
  }, []);
  React.useImperativeHandle(handle, () => ({ reveal }), []);
  React.useEffect(() => props.onShown(), []);
  React.useLayoutEffect(() => {
    if (wanted.current !== null) {
      const line = scroller.current?.querySelector<HTMLElement>('[tabindex="0"]');
      wanted.current = null;
      line?.focus({ preventScroll: true });
    }
  });

  React.useLayoutEffect(() => {
    // Where the keyboard is, is the active line, whatever arrived meanwhile.
    const held = document.activeElement;
    const key = held instanceof HTMLElement ? (held.dataset.ref ?? held.dataset.fold) : undefined;
    if (key !== undefined && key !== active && scroller.current?.contains(held)) {
      props.onActive(key);
    }
  }, [active, layout]);

  const first = lineAt(layout, Math.max(0, sight.top - MARGIN_PX));
  const last = Math.min(
    layout.lines.length - 1,
    lineAt(layout, sight.top + sight.height + MARGIN_PX)
  );
  const drawn = range(first, last);
  const current = lineOf(layout, active);
  if (current >= 0 && (current < first || current > last)) {
    drawn.push(current);
  }
  React.useEffect(() => {
    const wants = props.loading ? null : missing(layout, first, last, sight);
    if (wants === 'more') {
      props.onMore();
    } else if (wants === 'previous') {
      props.onPrevious();
    }
    props.onSeen(rowsIn(layout, first, last));
  }, [first, last, layout, props.loading]);

  React.useLayoutEffect(() => {
    if (scroller.current !== null && (anchor.current?.top ?? 0) > 0) {
      scroller.current.scrollTop = 0;
      look();
    }
  }, [props.question]);
  React.useLayoutEffect(() => {
    if (toEnd.current && !hasMore(layout)) {
      toEnd.current = false;
      reveal(layout.lines[layout.stops[layout.stops.length - 1]].key, true);
    }
  }, [layout]);

  const move = (event: React.KeyboardEvent): void => {
    const step = target(event.key, layout, current, sight.height);
    if (step === null || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    toEnd.current = event.key === 'End' && hasMore(layout);
    if (toEnd.current) {
      props.onEnd();
      return;
    }
    if (step === 'gap') {
      return;
    }
    reveal(layout.lines[step].key, true);
  };

  const height = layout.tops[layout.tops.length - 1];
  return (
    <div className="jp-snapbook-listbox">
      {sight.top > 0 && (
        <div className="jp-snapbook-heading jp-mod-sticky" aria-hidden="true">
          {headingOf(layout, lineAt(layout, sight.top))}
        </div>
      )}
      <div className="jp-snapbook-scroller" ref={scroller} onScroll={look} tabIndex={-1}>
        <div
          className="jp-snapbook-list"
          role="listbox"
          aria-label={trans.__('Versions')}
          aria-multiselectable="true"
          aria-busy={props.loading}
          style={{ height }}
          onKeyDown={move}
        >
          {drawn.map(index => draw(layout.lines[index], layout.tops[index], index, props, current))}
        </div>
      </div>
    </div>
  );
});

function draw(
  line: Line,
  top: number,
  index: number,
  props: ListProps,
  current: number
): JSX.Element {
  const style = { top, height: heightOf(line) };
  // Where nothing is chosen, Tab stops at the first line.
  const active = index === current || (current < 0 && props.layout.stops[0] === index);
  switch (line.kind) {
    case 'heading':
      return (
        <div key={line.key} className="jp-snapbook-heading" role="presentation" style={style}>
          <span aria-hidden="true">{line.text}</span>
        </div>
      );
    case 'more':
    case 'gap':
      return (
        <div key={line.key} className="jp-snapbook-more" role="presentation" style={style}>
          <span>{props.trans.__('loading…')}</span>
        </div>
      );
    case 'fold':
      return <Fold key={line.key} line={line} style={style} active={active} props={props} />;
    case 'version':
      return (
        <RowView
          key={line.key}
          row={line.row}
          baseline={props.baseline}
          active={active}
          marked={props.marks.includes(line.row.ref)}
          named={props.named}
          signing={props.signing}
          place={line.at + 1}
          places={props.places}
          top={top}
          height={HEIGHTS.version}
          now={props.now}
          trans={props.trans}
          onActive={props.onActive}
          onOpen={props.onOpen}
          onMark={props.onMark}
        />
      );
  }
}

interface FoldProps {
  line: Extract<Line, { kind: 'fold' }>;
  style: React.CSSProperties;
  active: boolean;
  props: ListProps;
}

/** A run of automatic versions on one line. */
function Fold({ line, style, active, props }: FoldProps): JSX.Element {
  const { trans, now } = props;
  const count = line.rows.length;
  const newest = ageText(line.rows[0].time, now, trans);
  const oldest = ageText(line.rows[count - 1].time, now, trans);
  const text = trans._n('%1 auto version', '%1 auto versions', count);
  const state = line.open ? trans.__('unfolded') : trans.__('folded, Enter shows them');
  return (
    <div
      className={`jp-snapbook-fold${active ? ' jp-mod-active' : ''}`}
      role="option"
      aria-selected="false"
      aria-posinset={line.at + 1}
      aria-setsize={props.places}
      aria-label={`${text}, ${newest}, ${state}`}
      tabIndex={active ? 0 : -1}
      data-fold={line.key}
      style={style}
      onFocus={() => props.onActive(line.key)}
      onClick={() => props.onFold(line.key)}
    >
      <span aria-hidden="true">{line.open ? '▾' : '▸'}</span> {text}
      <span className="jp-snapbook-gap" />
      <span className="jp-snapbook-age">
        {newest === oldest ? newest : `${newest} – ${oldest}`}
      </span>
    </div>
  );
}

function hasMore({ lines }: Layout): boolean {
  return lines.length > 0 && lines[lines.length - 1].kind === 'more';
}

/** The rows of the lines from `first` to `last`. */
function rowsIn({ lines }: Layout, first: number, last: number): Row[] {
  return lines.slice(first, last + 1).flatMap(line => (line.kind === 'version' ? [line.row] : []));
}

/** Which rows the sight waits for: those at the edge of the gap that is nearer to it. */
function missing(
  layout: Layout,
  first: number,
  last: number,
  sight: { top: number; height: number }
): 'more' | 'previous' | null {
  const { gap, tops } = layout;
  if (gap < first || gap > last) {
    return hasMore(layout) && last === layout.lines.length - 1 ? 'more' : null;
  }
  const above = sight.top - tops[gap];
  const below = tops[gap + 1] - (sight.top + sight.height);
  return above <= below ? 'more' : 'previous';
}

/**
 * Where a key leads to: the index of a line, null for keys that do not move, 'gap' where what lies
 * there is still to come.
 */
function target(
  key: string,
  layout: Layout,
  current: number,
  height: number
): number | 'gap' | null {
  const { stops } = layout;
  if (stops.length === 0) {
    return null;
  }
  const at = Math.max(0, stops.indexOf(current));
  const page = Math.max(1, Math.floor(height / HEIGHTS.version) - 1);
  const steps: { [key: string]: number } = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: stops.length - 1,
    PageDown: at + page,
    PageUp: at - page
  };
  const step = steps[key];
  if (step === undefined) {
    return null;
  }
  const line = stops[Math.min(stops.length - 1, Math.max(0, step))];
  const { gap } = layout;
  const over = gap >= 0 && current >= 0 && line < gap !== current < gap;
  return over && key !== 'Home' && key !== 'End' ? 'gap' : line;
}

function scrollTo(node: HTMLElement, layout: Layout, index: number): void {
  const top = layout.tops[index] - HEIGHTS.heading;
  const bottom = layout.tops[index + 1];
  if (top < node.scrollTop) {
    node.scrollTop = Math.max(0, top);
  } else if (bottom > node.scrollTop + node.clientHeight) {
    node.scrollTop = bottom - node.clientHeight;
  }
}

/** Keep the line at the top of the sight where it is when rows arrive above it. */
function useAnchor(
  scroller: React.RefObject<HTMLDivElement>,
  layout: Layout
): React.MutableRefObject<Anchor | null> {
  const anchor = React.useRef<Anchor | null>(null);
  React.useLayoutEffect(() => {
    const node = scroller.current;
    const held = anchor.current;
    if (node === null || held === null || held.top === 0) {
      return;
    }
    // The place in sight is known from the last scrolling: asking the page would lay it out twice.
    const index = held.key === 'gap' ? -1 : lineOf(layout, held.key);
    if (index >= 0 && layout.tops[index] + held.offset !== held.top) {
      node.scrollTop = layout.tops[index] + held.offset;
    }
  }, [layout]);
  return anchor;
}

interface Anchor {
  key: string;
  /** From the top of that line to the top of the sight, and of the sight in the list. */
  offset: number;
  top: number;
}

function anchorAt(layout: Layout, top: number, height: number): Anchor | null {
  if (layout.lines.length === 0) {
    return null;
  }
  const found = lineAt(layout, top);
  // The gap changes its height; where rows below it are in sight, they are what stays.
  const below = found === layout.gap && layout.tops[found + 1] < top + height;
  const index = below ? found + 1 : found;
  return { key: layout.lines[index].key, offset: top - layout.tops[index], top };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}
