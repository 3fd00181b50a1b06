/** The versions of a model: search, course, what is live, the list; two of them may be compared. */
import * as React from 'react';

import { Trouble } from '../common/said';
import { inline } from '../common/text';
import { NoMatch, Skeleton } from '../panel/empty';
import { List, type ListHandle } from '../panel/list';
import { Pins } from '../panel/pins';
import { Plot } from '../panel/plot';
import { Search } from '../panel/search';
import { layOut } from '../rows';
import { NO_FILTERS } from '../search';
import { failure } from '../common/source';
import { go, type ScreenProps } from './screens';
import { useSignal } from './signals';
import { VersionsModel } from './versions';

export function ListScreen(props: ScreenProps & { model: string }): JSX.Element {
  const { client, model } = props;
  const state = React.useMemo(() => new VersionsModel(client, model), [client, model]);
  React.useEffect(() => {
    void state.load();
    return () => state.dispose();
  }, [state]);
  useSignal(state.changed);
  return <Versions key={model} {...props} state={state} />;
}

function Versions(props: ScreenProps & { model: string; state: VersionsModel }): JSX.Element {
  const { state, model, trans } = props;
  const { listing } = state;
  const { rows, gap, count, more } = listing;
  const list = React.useRef<ListHandle>(null);
  const now = useMinute();
  const unfolded = [...state.unfolded].join('\n');
  const layout = React.useMemo(() => {
    const between = gap === null ? null : { at: gap, count: Math.max(1, (count ?? 0) - rows.length) };
    return layOut(rows, now, state.unfolded, more, trans, between);
  }, [rows, now, unfolded, more, gap, count, trans]);
  const open = (ref: string): void => go({ screen: 'version', model, ref });
  const compare = (): void => {
    const pair = state.pair();
    if (pair !== null) {
      go({ screen: 'diff', model, ...pair });
    }
  };
  return (
    <section
      className="jp-snapbook-panel jp-snapbook-web-list"
      aria-label={trans.__('Versions of %1', inline(model, 100))}
      onKeyDown={event => press(event, state, { open, compare })}
      onClick={event => {
        const ref = refAt(event.target);
        if (ref !== '' && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
          open(ref);
        }
      }}
    >
      <Search
        filters={state.filters}
        rows={rows}
        trans={trans}
        onFilters={changes => state.setFilters(changes)}
        onLeave={() => list.current?.reveal(state.active || (layout.lines[layout.stops[0]]?.key ?? ''), true)}
      />
      {state.series !== null && (
        <Plot
          series={state.series}
          metrics={[]}
          active={state.active}
          open={false}
          trans={trans}
          onSelect={ref => list.current?.reveal(ref, true)}
          onOpen={() => undefined}
          onMetric={() => undefined}
        />
      )}
      <Pins rows={state.pins} trans={trans} onOpen={open} onSelect={open} />
      {listing.error !== null && (
        <Trouble failure={failure(listing.error)} trans={trans} onAgain={() => void state.load()} />
      )}
      {rows.length === 0 && listing.loaded && (
        <NoMatch note={listing.note} trans={trans} onClear={() => state.setFilters(NO_FILTERS)} />
      )}
      {rows.length === 0 && !listing.loaded && listing.error === null && <Skeleton trans={trans} />}
      {rows.length > 0 && (
        <List
          ref={list}
          layout={layout}
          question={listing.question}
          active={state.active}
          marks={state.marks}
          named={false}
          signing={rows.some(row => row.signed)}
          places={more && gap === null ? (count ?? -1) : layout.places}
          loading={listing.loading}
          baseline={null}
          now={now}
          trans={trans}
          onActive={key => state.setActive(key)}
          onOpen={open}
          onMark={ref => state.toggleMark(ref)}
          onFold={key => state.toggleFold(key)}
          onMore={() => void listing.next()}
          onPrevious={() => void listing.previous()}
          onEnd={() => void listing.oldest()}
          onSeen={seen => void listing.seen(seen)}
          onShown={() => undefined}
        />
      )}
      <div className="jp-snapbook-bar" role="status">
        {state.marks.length === 0 ? (
          <span>
            {count !== null && trans._n('%1 version', '%1 versions', count)}
            {'. '}
            {trans.__('Enter opens, Space marks, D compares.')}
          </span>
        ) : (
          <>
            <span>
              {state.marks.length === 1
                ? trans.__('%1 marked. Mark a second, or compare with the one before.', inline(state.marks[0]))
                : trans.__('%1 and %2 marked.', inline(state.marks[0]), inline(state.marks[1]))}
            </span>{' '}
            <button type="button" className="jp-snapbook-link" onClick={compare}>
              {trans.__('Compare')}
            </button>{' '}
            <button
              type="button"
              className="jp-snapbook-link"
              onClick={() => state.clearMarks()}
            >
              {trans.__('Clear')}
            </button>
          </>
        )}
      </div>
    </section>
  );
}

/** The version whose row was clicked, "" for none. */
function refAt(target: EventTarget): string {
  const row = target instanceof Element ? target.closest<HTMLElement>('.jp-snapbook-row') : null;
  return row?.dataset.ref ?? '';
}

function press(
  event: React.KeyboardEvent,
  state: VersionsModel,
  acts: { open(ref: string): void; compare(): void }
): void {
  const { target } = event;
  const onLine = target instanceof HTMLElement && target.getAttribute('role') === 'option';
  if (!onLine || event.altKey || event.ctrlKey || event.metaKey) {
    return;
  }
  const { ref, fold } = target.dataset;
  switch (event.key) {
    case 'Enter':
      if (ref !== undefined) {
        acts.open(ref);
      } else if (fold !== undefined) {
        state.toggleFold(fold);
      }
      break;
    case ' ':
      if (ref !== undefined) {
        state.toggleMark(ref);
      }
      break;
    case 'd':
      acts.compare();
      break;
    case '/':
      event.currentTarget.querySelector<HTMLElement>('input[type=search]')?.focus();
      break;
    case 'Escape':
      state.clearMarks();
      break;
    default:
      return;
  }
  event.preventDefault();
}

/** The present minute, in milliseconds: ages are told by it. */
function useMinute(): number {
  const minute = (): number => Math.floor(Date.now() / 60_000) * 60_000;
  const [now, setNow] = React.useState(minute);
  React.useEffect(() => {
    const timer = window.setInterval(() => setNow(minute()), 60_000);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}
