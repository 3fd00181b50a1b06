/** The versions of a model: search, course, what is live, the list; two of them may be compared. */
import * as React from 'react';

import { folds } from '../common/folds';
import { Trouble } from '../common/said';
import { inline } from '../common/text';
import type { ListHandle } from '../panel/list';
import { Pins } from '../panel/pins';
import { Plot } from '../panel/plot';
import { Search } from '../panel/search';
import { LoadedVersions } from '../panel/versions';
import { ProductionView } from '../production/view';
import { NO_FILTERS } from '../search';
import { failure } from '../common/source';
import { go, type ScreenProps } from './screens';
import { useSignal } from './signals';
import { VersionsModel } from './versions';

export function ListScreen(props: ScreenProps & { model: string }): JSX.Element {
  const { client, registry, model } = props;
  const state = React.useMemo(
    () => new VersionsModel(client, registry.production, model),
    [client, registry, model]
  );
  React.useEffect(() => {
    void state.load();
    const hear = (): void => void state.heard();
    registry.news.heard.connect(hear);
    const leave = registry.news.watch();
    return () => {
      leave();
      registry.news.heard.disconnect(hear);
      state.dispose();
    };
  }, [state, registry]);
  useSignal(state.changed);
  useSignal(folds.changed);
  return <Versions key={model} {...props} state={state} />;
}

function Versions(props: ScreenProps & { model: string; state: VersionsModel }): JSX.Element {
  const { state, model, trans } = props;
  const { listing, chosen } = state;
  const { rows, count } = listing;
  const { marks } = chosen;
  const list = React.useRef<ListHandle>(null);
  const now = useMinute();
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
        onLeave={() => list.current?.reveal(chosen.active, true)}
      />
      {state.series !== null && (
        <Plot
          series={state.series}
          metrics={[]}
          active={chosen.active}
          open={false}
          trans={trans}
          onSelect={ref => list.current?.reveal(ref, true)}
          onOpen={() => undefined}
          onMetric={() => undefined}
        />
      )}
      <Pins rows={state.pins} trans={trans} onOpen={open} onSelect={open} />
      <ProductionView
        production={state.production}
        folds={folds}
        now={Date.now()}
        can={() => true}
        registry="REGISTRY"
        trans={trans}
        onOpen={open}
      />
      {listing.error !== null && (
        <Trouble failure={failure(listing.error)} trans={trans} onAgain={() => void state.load()} />
      )}
      <LoadedVersions
        ref={list}
        listing={listing}
        chosen={chosen}
        named={false}
        baseline={null}
        now={now}
        trans={trans}
        onOpen={open}
        onClear={() => state.setFilters(NO_FILTERS)}
      />
      <div className="jp-snapbook-bar" role="status">
        {marks.length === 0 ? (
          <span>
            {count !== null && trans._n('%1 version', '%1 versions', count)}
            {'. '}
            {trans.__('Enter opens, Space marks, D compares.')}
          </span>
        ) : (
          <>
            <span>
              {marks.length === 1
                ? trans.__('%1 marked. Mark a second, or compare with the one before.', inline(marks[0]))
                : trans.__('%1 and %2 marked.', inline(marks[0]), inline(marks[1]))}
            </span>{' '}
            <button type="button" className="jp-snapbook-link" onClick={compare}>
              {trans.__('Compare')}
            </button>{' '}
            <button
              type="button"
              className="jp-snapbook-link"
              onClick={() => chosen.clearMarks()}
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
        state.chosen.toggleFold(fold);
      }
      break;
    case ' ':
      if (ref !== undefined) {
        state.chosen.toggleMark(ref);
      }
      break;
    case 'd':
      acts.compare();
      break;
    case '/':
      event.currentTarget.querySelector<HTMLElement>('input[type=search]')?.focus();
      break;
    case 'Escape':
      state.chosen.clearMarks();
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
