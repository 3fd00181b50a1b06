/**
 * The panel from top to bottom: which model, the one act, where I stand, search, course, versions.
 *
 * A function of the model's state; what can be done goes through `acts`.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { folds } from '../common/folds';
import type { Model } from '../model';
import { notices } from '../notices';
import { ProductionView } from '../production/view';
import { NO_FILTERS } from '../search';
import type { Settings } from '../settings';
import { CommandIDs } from '../tokens';
import type { Acts } from './acts';
import { CompareBar, Footer, Stand, UndoBar } from './bars';
import { Empty } from './empty';
import { Header } from './header';
import type { ListHandle } from './list';
import { NoticeBox } from './notice';
import { Pins } from './pins';
import { Plot } from './plot';
import { Search } from './search';
import { SnapshotButton, SnapshotForm } from './snapshot';
import { LoadedVersions } from './versions';

export interface PanelProps {
  model: Model;
  settings: Settings;
  acts: Acts;
  now: number;
  list: React.RefObject<ListHandle>;
  /** The list came into the page. */
  onShown(): void;
  trans: TranslationBundle;
}

export function Panel(props: PanelProps): JSX.Element {
  const { model, acts, trans } = props;
  const { kernel, place } = model;
  const status = kernel?.status ?? null;
  const empty = place !== null && (!place.exists || place.versions === 0);
  return (
    <section className="jp-snapbook jp-snapbook-panel" aria-label={trans.__('Snapbook versions')}>
      <Header
        model={model.model}
        models={place?.models ?? []}
        notebook={model.name}
        path={model.path}
        trans={trans}
        onModel={name => model.setFilters({ model: name })}
        onMenu={acts.openMenu}
      />
      {model.name !== '' && (
        <SnapshotButton
          reason={reasonOf(model, trans)}
          queued={model.queue.label}
          running={model.queue.running}
          first={empty}
          open={model.formOpen}
          acts={acts}
          trans={trans}
          onOpen={open => model.setFormOpen(open)}
        />
      )}
      {model.formOpen && status !== null && (
        <SnapshotForm
          key={model.wrong?.ref}
          status={status}
          wrong={model.wrong}
          models={place?.models ?? []}
          rows={props.settings.rows}
          acts={acts}
          trans={trans}
          onClose={() => acts.run(CommandIDs.closeForm)}
        />
      )}
      {notices(model, trans).map(notice => (
        <NoticeBox
          key={notice.key}
          notice={notice}
          acts={acts}
          trans={trans}
          onDismiss={what => model.dismiss(what)}
        />
      ))}
      {status !== null && status.undo !== '' && (
        <UndoBar undo={status.undo} acts={acts} trans={trans} />
      )}
      {status !== null && (
        <Stand parent={status.parent} cells={status.changed_cells} acts={acts} trans={trans} />
      )}
      {empty ? (
        <Empty project={place.project} status={status} acts={acts} trans={trans} />
      ) : (
        // What was read stays readable while the server is away.
        (model.server === 'fine' || model.server === 'asking' || model.listing.rows.length > 0) && (
          <Versions {...props} />
        )
      )}
    </section>
  );
}

/** Why a snapshot cannot be made now, "" where it can. A busy kernel is no reason: it queues. */
function reasonOf(model: Model, trans: TranslationBundle): string {
  switch (model.kernel?.state) {
    case 'ready':
      return '';
    case 'asking':
      return trans.__('Snapshot: asking…');
    case 'not-loaded':
      return trans.__('Snapshot: not loaded');
    case 'not-installed':
      return trans.__('Snapshot: not installed');
    case 'other-language':
      return trans.__('Snapshot: needs Python');
    default:
      return trans.__('Snapshot: no kernel');
  }
}

/** Search, course, pinned and all versions, with what is compared and what they weigh. */
function Versions(props: PanelProps): JSX.Element {
  const { model, settings, acts, now, list, trans } = props;
  const { listing, place, around, chosen } = model;
  const { series, pins } = around;
  const { rows } = listing;
  const focusList = (): void => list.current?.reveal(chosen.active, true);
  return (
    <>
      <Search
        filters={model.filters}
        rows={rows}
        trans={trans}
        onFilters={changes => model.setFilters(changes)}
        onLeave={focusList}
      />
      {series !== null && (
        <Plot
          series={series}
          metrics={Object.keys(rows.find(row => row.model === model.model)?.metrics ?? {})}
          active={chosen.active}
          open={model.plotOpen}
          trans={trans}
          onSelect={ref => void model.reveal(ref)}
          onOpen={open => model.setPlotOpen(open)}
          onMetric={metric => void model.setMetric(metric)}
        />
      )}
      <Pins
        rows={pins}
        trans={trans}
        onOpen={ref => acts.run(CommandIDs.openVersion, { ref })}
        onSelect={ref => void model.reveal(ref)}
      />
      <ProductionView
        production={model.production}
        folds={folds}
        now={Date.now()}
        can={verb => model.verbs.some(({ name }) => name === verb)}
        trans={trans}
        onOpen={ref => acts.run(CommandIDs.openVersion, { ref })}
        onMonitor={
          model.verbs.some(({ name }) => name === 'monitor')
            ? () => acts.run(CommandIDs.monitor, { model: model.model })
            : undefined
        }
      />
      {listing.label !== '' && (
        <div className="jp-snapbook-bar" role="status">
          <span>{`${rows.length} ${listing.label}`}</span>
          <button
            type="button"
            className="jp-snapbook-link"
            onClick={() => model.setFilters({})}
          >
            {trans.__('Show all')}
          </button>
        </div>
      )}
      {listing.error !== null && (
        <div className="jp-snapbook-notice jp-mod-warn" role="alert">
          <p>{[listing.error.message, listing.error.act].filter(Boolean).join(' ')}</p>
        </div>
      )}
      <LoadedVersions
        ref={list}
        listing={listing}
        chosen={chosen}
        named={model.model === '' || listing.label !== ''}
        baseline={settings.deltaTo === 'production' ? (pins[0] ?? null) : null}
        now={now}
        trans={trans}
        onOpen={ref => acts.run(CommandIDs.openVersion, { ref })}
        onClear={() => model.setFilters({ ...NO_FILTERS, model: model.filters.model })}
        onShown={props.onShown}
      />
      {chosen.marks.length > 0 && (
        <CompareBar
          marks={chosen.marks}
          acts={acts}
          pinned={pins.length > 0}
          trans={trans}
          onClear={() => chosen.clearMarks()}
        />
      )}
      <Footer
        place={place}
        matches={model.narrow ? listing.count : null}
        acts={acts}
        trans={trans}
      />
    </>
  );
}
