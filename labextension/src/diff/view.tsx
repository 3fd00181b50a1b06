/**
 * The diff tab: a strip that is always visible, then what changed, section by section.
 *
 * Functions of the model's state. Each change carries its place (data-change), by which n and p
 * find it. Long comparisons are rendered in slices; Escape stops that.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Folds } from '../common/folds';
import { More } from '../common/more';
import { inline } from '../common/text';
import { Judgement, Said, Trouble } from '../common/said';
import { Section } from '../common/section';
import { Slices, useSlices } from '../common/slices';
import { cellKey } from '../page/runs';
import type { PageActions } from '../tokens';
import type { Change, Compared } from '../types';
import { CodeChange, OutputsOf } from './code';
import { FrameChange } from './data';
import { firstLines } from './lines';
import type { DiffModel } from './model';
import {
  groups,
  height,
  isUnused,
  ofFrame,
  sameText,
  sectionTitle,
  Stop,
  strip
} from './sections';
import { Toolbar } from './toolbar';
import { FileChange, Unused, ValueChange } from './values';

/** How many lines a slice renders. */
const SLICE_LINES = 120;

/** Stops rendering; false if there is nothing to stop. */
export type StopRendering = () => boolean;

/** What the tab needs. `stopping` is filled by the view. */
export interface DiffProps {
  id: string;
  model: DiffModel;
  folds: Folds;
  trans: TranslationBundle;
  actions: PageActions;
  stopping: { current: StopRendering | null };
}

/** The tab, whatever its state. */
export function DiffView(props: DiffProps): JSX.Element {
  const { model, trans } = props;
  return (
    <div className="jp-snapbook-Diff-frame">
      <Toolbar {...props} />
      {model.failure !== null && (
        <Trouble failure={model.failure} trans={trans} onAgain={() => void model.load()} />
      )}
      {model.loading && (
        <div className="jp-snapbook-Quiet" role="status">
          {trans.__('Comparing… (Esc cancels)')}
        </div>
      )}
      {model.compared !== null && <Whole {...props} compared={model.compared} />}
    </div>
  );
}

function Whole(props: DiffProps & { compared: Compared }): JSX.Element {
  const { id, model, compared, folds, trans, stopping } = props;
  const { stops, current, moves } = model;
  const first = React.useMemo(
    () => firstLines(stops.reduce((sum, stop) => sum + height(stop, Infinity), 0)),
    [stops]
  );
  const slices = useSlices(stops.length, stops, SLICE_LINES, at => height(stops[at], first));
  // Hundreds of changes that look otherwise are rendered between keys, not before the next one.
  const sideBySide = React.useDeferredValue(model.sideBySide);
  const outputs = React.useDeferredValue(model.outputs);
  const root = React.useRef<HTMLDivElement>(null);
  const shown = React.useRef(moves);
  stopping.current = () => {
    const running = !slices.done && !slices.stopped;
    slices.stop();
    return running;
  };
  React.useEffect(() => {
    if (current < 0 || shown.current === moves) {
      return;
    }
    if (show(root.current, current)) {
      shown.current = moves;
    } else {
      // It has first to be rendered and unfolded; this effect then runs again.
      folds.set(`diff-${stops[current].section}`, true);
      slices.reach(current + 1);
    }
  }, [moves, slices.count, folds.isOpen(`diff-${stops[current]?.section ?? ''}`, true)]);
  let place = 0;
  return (
    <>
      <Strip compared={compared} trans={trans} />
      <div className="jp-snapbook-Scroller" tabIndex={-1} ref={root}>
        {compared.echo && (
          <p className="jp-snapbook-Quiet">
            <Said text={compared.echo} longest={300} />
          </p>
        )}
        {groups(compared).map(({ section, changes }) => {
          const start = place;
          const own = stops.filter(stop => stop.section === section);
          place += own.length;
          return (
            <Section
              key={section}
              id={`${id}-${section}`}
              fold={`diff-${section}`}
              title={sectionTitle(section, trans)}
              note={trans._n('%1 change', '%1 changes', changes.length)}
              folds={folds}
              usually={true}
            >
              {() =>
                own
                  .slice(0, Math.max(0, slices.count - start))
                  .map((stop, at) => (
                    <OneStop
                      key={at}
                      stop={stop}
                      at={start + at}
                      first={first}
                      model={model}
                      sideBySide={sideBySide}
                      outputs={outputs}
                      trans={trans}
                    />
                  ))
              }
            </Section>
          );
        })}
        <Rendering slices={slices} total={stops.length} trans={trans} />
        <Same {...props} />
      </div>
    </>
  );
}

/** Put the keyboard onto a stop; false if it is not rendered. */
function show(root: HTMLElement | null, at: number): boolean {
  const target = root?.querySelector<HTMLElement>(`[data-change="${at}"]`);
  if (!target) {
    return false;
  }
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block: 'nearest' });
  return true;
}

function Strip(props: { compared: Compared; trans: TranslationBundle }): JSX.Element {
  const { compared, trans } = props;
  return (
    <ul className="jp-snapbook-Strip" aria-label={trans.__('In short')}>
      {strip(compared, trans).map((brief, at) => (
        <li key={at}>
          <Said text={brief.text} longest={80} /> <Judgement better={brief.better} trans={trans} />
        </li>
      ))}
      {compared.apart && (
        <li className="jp-snapbook-Quiet">
          <Said text={compared.apart} longest={80} />
        </li>
      )}
    </ul>
  );
}

function Rendering(props: {
  slices: Slices;
  total: number;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { slices, total, trans } = props;
  if (slices.done) {
    return null;
  }
  const told = trans.__('%1 of %2 changes shown', slices.count, total);
  return (
    <p className="jp-snapbook-Quiet" role="status">
      {slices.stopped ? told : trans.__('%1… (Esc stops)', told)}{' '}
      {slices.stopped && (
        <More onMore={slices.resume}>{trans.__('Show the rest')}</More>
      )}
    </p>
  );
}

function Same(props: DiffProps & { compared: Compared }): JSX.Element | null {
  const { compared, folds, id, trans } = props;
  const same = sameText(compared.same, trans);
  if (same === '' && compared.changes.length > 0) {
    return null;
  }
  return (
    <Section
      id={`${id}-same`}
      fold="diff-same"
      title={compared.changes.length === 0 ? trans.__('No difference') : trans.__('Same')}
      note={inline(same)}
      folds={folds}
      usually={false}
    >
      {() => <p>{inline(same) || trans.__('Nothing was compared.')}</p>}
    </Section>
  );
}

interface StopProps {
  stop: Stop;
  at: number;
  /** Lines of a change that are shown at once. */
  first: number;
  model: DiffModel;
  sideBySide: boolean;
  outputs: boolean;
  trans: TranslationBundle;
}

/**
 * One change, or the changes of one frame, where n and p stop. Rendered again only when it looks
 * otherwise: each further slice would else cost as much as all before it.
 */
const OneStop = React.memo(function OneStop(props: StopProps): JSX.Element {
  return (
    <div className="jp-snapbook-Change" data-change={props.at} tabIndex={-1}>
      <StopBody {...props} change={props.stop.changes[0]} />
    </div>
  );
});

function StopBody(props: StopProps & { change: Change }): JSX.Element {
  const { stop, change, first, model, sideBySide, outputs, trans } = props;
  if (stop.section === 'data') {
    return <FrameChange frame={ofFrame(stop.changes)} trans={trans} />;
  }
  if (isUnused(change)) {
    return <Unused changes={stop.changes} trans={trans} />;
  }
  switch (stop.section) {
    case 'code':
      return (
        <CodeChange
          change={change}
          first={first}
          sideBySide={sideBySide}
          outputs={outputs ? outputsOf(model) : null}
          trans={trans}
        />
      );
    case 'files':
      return (
        <FileChange change={change} first={first} sideBySide={sideBySide} trans={trans} />
      );
    default:
      return <ValueChange change={change} trans={trans} />;
  }
}

function outputsOf(model: DiffModel): OutputsOf {
  return {
    old: model.old,
    new: model.new,
    cells: ref => model.cells(ref),
    output: (ref, cell, at) => model.source.output(model.path, ref, cellKey(cell), at)
  };
}
