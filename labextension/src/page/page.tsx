/**
 * A version as one scroll: which, how good, what changed, made by what, on what; the rest folded.
 *
 * Functions of the model's state; the list of sections at the left opens and goes to each.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Folds } from '../common/folds';
import { Said, Trouble } from '../common/said';
import { Section } from '../common/section';
import { inline } from '../common/text';
import { asNumber, asObject, asText } from '../common/values';
import { Lineage } from '../lineage/picture';
import type { PageActions } from '../tokens';
import type { GraphNode, Version } from '../types';
import { Cells } from './cells';
import { Data, frameId } from './data';
import { filesOf, partOf } from './facts';
import { Header } from './header';
import { Environment, Events, Files, Structure } from './made';
import type { PageModel } from './model';
import { Metrics, Params } from './results';
import { cellKey } from './runs';

/** What the page needs. `id` is unique in the document. */
export interface PageProps {
  id: string;
  model: PageModel;
  folds: Folds;
  trans: TranslationBundle;
  actions: PageActions;
}

interface Part {
  fold: string;
  title: string;
  note?: React.ReactNode;
  usually: boolean;
  body: () => React.ReactNode;
}

/** The page, whatever its state. */
export function PageView(props: PageProps): JSX.Element {
  const { model, trans } = props;
  if (model.version === null) {
    return model.failure !== null ? (
      <div className="jp-snapbook-Page-alone">
        <Trouble failure={model.failure} trans={trans} onAgain={() => void model.load()} />
      </div>
    ) : (
      <div className="jp-snapbook-Page-alone" role="status">
        {model.slow ? trans.__('Fetching %1…', inline(model.ref, 120)) : ''}
      </div>
    );
  }
  return <WholePage {...props} version={model.version} />;
}

function WholePage(props: PageProps & { version: Version }): JSX.Element {
  const { id, model, folds, trans, actions, version } = props;
  const parts = sections(props);
  const go = (fold: string, element?: string): void => {
    folds.set(fold, true);
    // After the section has been opened.
    window.requestAnimationFrame(() => {
      const target = document.getElementById(element ?? `${id}-${fold}`);
      target?.scrollIntoView({ block: 'start' });
      const focus = element === undefined ? `${id}-${fold}-title` : element;
      document.getElementById(focus)?.focus({ preventScroll: true });
    });
  };
  return (
    <div className="jp-snapbook-Page-frame">
      <nav className="jp-snapbook-Nav" aria-label={trans.__('Sections')}>
        <ul>
          {parts.map(part => (
            <li key={part.fold}>
              <button type="button" onClick={() => go(part.fold)}>
                {part.title}
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <div className="jp-snapbook-Scroller" tabIndex={-1}>
        {model.failure !== null && <Trouble failure={model.failure} trans={trans} />}
        <Header
          version={version}
          path={model.path}
          trans={trans}
          actions={actions}
          pins={() => model.source.pins(model.path, version.row.model)}
        />
        {parts.map(part => (
          <Section
            key={part.fold}
            id={`${id}-${part.fold}`}
            fold={part.fold}
            title={part.title}
            note={part.note}
            folds={folds}
            usually={part.usually}
          >
            {part.fold === 'lineage'
              ? () => (
                  <Lineage
                    graph={version.graph}
                    trans={trans}
                    onOpen={node => goTo(node, version, go)}
                  />
                )
              : part.body}
          </Section>
        ))}
      </div>
    </div>
  );
}

/** Where a node of the lineage is told of. */
function goTo(
  node: GraphNode,
  version: Version,
  go: (fold: string, element?: string) => void
): void {
  const known = ['results', 'changed', 'cells', 'data', 'environment', 'structure', 'files', 'events'];
  const aliases: { [section: string]: string } = { model: 'structure', frame: 'data', file: 'files' };
  const section = known.includes(node.section) ? node.section : aliases[node.kind] ?? node.kind;
  const fold = known.includes(section) ? section : section === 'alias' ? 'events' : 'cells';
  const isFrame = version.parts.some(part => part.kind === 'frame' && part.name === node.label);
  if (fold === 'data' && isFrame) {
    go(fold, frameId(node.label));
    return;
  }
  go(fold);
}

function sections(props: PageProps & { version: Version }): Part[] {
  const { model, trans, actions, version } = props;
  const frames = version.parts.filter(part => part.kind === 'frame');
  const files = version.parts.filter(part => part.kind === 'files');
  const environment = partOf(version, 'environment');
  const structure = partOf(version, 'model');
  const fileCount = files.reduce((sum, part) => sum + filesOf(part).length, 0);
  const previous = version.row.previous;
  const found: (Part | null)[] = [
    {
      fold: 'results',
      title: trans.__('Metrics and parameters'),
      usually: true,
      body: () => (
        <>
          <Metrics version={version} before={model.before} trans={trans} />
          <Params version={version} trans={trans} />
        </>
      )
    },
    previous && {
      fold: 'changed',
      title: trans.__('Changed since %1', inline(previous.ref, 60)),
      usually: true,
      body: () => <Changed version={version} model={model} trans={trans} actions={actions} />
    },
    {
      fold: 'cells',
      title: trans.__('Cells'),
      note: cellsNote(version, trans),
      usually: true,
      body: () => <CellsBody model={model} trans={trans} />
    },
    {
      fold: 'data',
      title: trans.__('Data'),
      note: trans._n('%1 frame', '%1 frames', frames.length),
      usually: true,
      body: () => <Data frames={frames} trans={trans} onCopy={actions.copy} />
    },
    {
      fold: 'lineage',
      title: trans.__('Lineage'),
      usually: true,
      body: () => null
    },
    environment !== undefined
      ? {
          fold: 'environment',
          title: trans.__('Environment'),
          note: environmentNote(version, trans),
          usually: false,
          body: () => <Environment part={environment} trans={trans} />
        }
      : null,
    structure !== undefined
      ? {
          fold: 'structure',
          title: trans.__('Model structure'),
          note: <Said text={asText(structure.facts['class_name'])} longest={60} />,
          usually: false,
          body: () => <Structure part={structure} trans={trans} />
        }
      : null,
    {
      fold: 'files',
      title: trans.__('Files'),
      note: trans._n('%1 file', '%1 files', fileCount),
      usually: false,
      body: () => (
        <Files
          parts={files}
          fetchFile={name => model.source.file(model.path, version.row.ref, name)}
          trans={trans}
        />
      )
    },
    {
      fold: 'events',
      title: trans.__('Events'),
      note: String(version.events.length),
      usually: false,
      body: () => <Events version={version} trans={trans} />
    }
  ];
  return found.filter((part): part is Part => part !== null);
}

function cellsNote(version: Version, trans: TranslationBundle): string {
  const facts = partOf(version, 'cells')?.facts ?? {};
  const count = asNumber(facts['count']) ?? 0;
  const made = asNumber(facts['made_count']) ?? 0;
  return trans.__('%1 of %2 made the model', made, count);
}

function environmentNote(version: Version, trans: TranslationBundle): string {
  const facts = partOf(version, 'environment')?.facts ?? {};
  const python = asText(asObject(facts['python'])['version']);
  const count = asNumber(facts['installed_count']) ?? 0;
  return trans.__('%1 packages, Python %2', count, inline(python, 20));
}

function Changed(props: {
  version: Version;
  model: PageModel;
  trans: TranslationBundle;
  actions: PageActions;
}): JSX.Element {
  const { version, model, trans, actions } = props;
  const { changed } = version.summary;
  const { row } = version;
  return (
    <>
      {changed.length === 0 ? (
        <p>
          <Said text={row.reason || trans.__('nothing that is compared')} longest={600} />
        </p>
      ) : (
        <ul className="jp-snapbook-Plain">
          {changed.map((line, at) => (
            <li key={at}>
              <Said text={line} longest={300} />
            </li>
          ))}
        </ul>
      )}
      <button
        type="button"
        className="jp-snapbook-Link"
        onClick={() => actions.openDiff(model.path, row.previous?.ref ?? row.ref, row.ref)}
      >
        {trans.__('full diff')}
      </button>
    </>
  );
}

function CellsBody(props: { model: PageModel; trans: TranslationBundle }): JSX.Element {
  const { model, trans } = props;
  if (model.cells === null) {
    return model.cellsFailure !== null ? (
      <Trouble
        failure={model.cellsFailure}
        trans={trans}
        onAgain={() => void model.loadCells()}
      />
    ) : (
      <p className="jp-snapbook-Quiet" role="status">
        {trans.__('fetching…')}
      </p>
    );
  }
  return (
    <Cells
      cells={model.cells}
      trans={trans}
      fetchOutput={(cell, at) =>
        model.source.output(model.path, model.ref, cellKey(cell), at)
      }
    />
  );
}
