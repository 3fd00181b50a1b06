/**
 * Lineage: what the model came from and where it went, as a picture and as a list.
 *
 * One stop for the Tab key; arrows walk along the lines and within a layer, Enter goes to the
 * section of a node. The list says the same for screen readers and for whoever prefers it.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Said } from '../common/said';
import { inline } from '../common/text';
import type { Graph, GraphNode } from '../types';
import { BOX, LONGEST, beginning, drawn, layOut, neighbours, Placed } from './layout';
import { step } from './step';

/** What both forms need. */
export interface LineageProps {
  graph: Graph;
  trans: TranslationBundle;
  /** Go to where the page tells more of a node. */
  onOpen: (node: GraphNode) => void;
}

/** The picture, or on request the list. */
export function Lineage(props: LineageProps): JSX.Element {
  const { graph, trans } = props;
  const [asList, setAsList] = React.useState(false);
  const [every, setEvery] = React.useState(false);
  const folded = React.useMemo(() => drawn(graph, false), [graph]);
  const whole = React.useMemo(() => drawn(graph, true), [graph]);
  if (graph.nodes.length === 0) {
    return <p className="jp-snapbook-Quiet">{trans.__('Nothing is known of where it came from.')}</p>;
  }
  const left = graph.folded ?? 0;
  return (
    <>
      <div className="jp-snapbook-Choices">
        <Check label={trans.__('as a list')} on={asList} onChange={setAsList} />
        {!asList && folded.nodes.length < whole.nodes.length && (
          <Check label={trans.__('every cell')} on={every} onChange={setEvery} />
        )}
      </div>
      {asList ? (
        <LineageList {...props} />
      ) : (
        <LineagePicture {...props} graph={every ? whole : folded} />
      )}
      {left > 0 && (
        <p className="jp-snapbook-Quiet">
          {trans._n('%1 more is left out', '%1 more are left out', left)}
        </p>
      )}
    </>
  );
}

function Check(props: {
  label: string;
  on: boolean;
  onChange: (on: boolean) => void;
}): JSX.Element {
  return (
    <label className="jp-snapbook-Check">
      <input
        type="checkbox"
        checked={props.on}
        onChange={event => props.onChange(event.currentTarget.checked)}
      />
      {props.label}
    </label>
  );
}

/** How much smaller a picture may be drawn so that it fits; below that it scrolls. */
const SMALLEST = 0.8;

/** The graph as an SVG picture. */
export function LineagePicture(props: LineageProps): JSX.Element {
  const { graph, trans, onOpen } = props;
  const picture = React.useMemo(() => layOut(graph), [graph]);
  const first = picture.nodes.find(placed => placed.node.kind === 'model') ?? picture.nodes[0];
  const [current, setCurrent] = React.useState(first?.node.id ?? '');
  const svg = React.useRef<SVGSVGElement>(null);
  React.useEffect(() => {
    const frame = svg.current?.parentElement;
    if (svg.current && frame && first) {
      // A picture that is a little too wide is drawn smaller.
      const scale = svg.current.getBoundingClientRect().width / picture.width || 1;
      const [width, height] = [frame.clientWidth / scale, frame.clientHeight / scale];
      const { left, top } = beginning(picture, first, width, height);
      frame.scrollLeft = left * scale;
      frame.scrollTop = top * scale;
    }
  }, [picture]);
  const walk = (event: React.KeyboardEvent, placed: Placed): void => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onOpen(placed.node);
      return;
    }
    const next = step(picture, placed, event.key);
    if (next !== null) {
      event.preventDefault();
      event.stopPropagation();
      setCurrent(next.node.id);
      const at = picture.nodes.indexOf(next);
      svg.current?.querySelector<SVGGElement>(`[data-at="${at}"]`)?.focus();
    }
  };
  return (
    <div className="jp-snapbook-Lineage">
      {/* As wide as the picture has to be: it shrinks to that, then its frame scrolls. */}
      <svg aria-hidden="true" width={SMALLEST * picture.width} height={0} />
      <svg
        ref={svg}
        role="group"
        aria-label={trans.__('Lineage: arrow keys walk, Enter opens the section')}
        width={picture.width}
        height={picture.height}
        viewBox={`0 0 ${picture.width} ${picture.height}`}
      >
        <g aria-hidden="true">
          {picture.edges.map(({ from, to }, at) => (
            <path key={at} className="jp-snapbook-Edge" d={curve(from, to)} />
          ))}
        </g>
        {picture.nodes.map((placed, at) => (
          <Box
            key={placed.node.id}
            at={at}
            placed={placed}
            said={said(placed.node, graph, trans)}
            current={placed.node.id === current}
            onFocus={() => setCurrent(placed.node.id)}
            onOpen={() => onOpen(placed.node)}
            onKeyDown={event => walk(event, placed)}
          />
        ))}
      </svg>
    </div>
  );
}

function Box(props: {
  at: number;
  placed: Placed;
  said: string;
  current: boolean;
  onFocus: () => void;
  onOpen: () => void;
  onKeyDown: (event: React.KeyboardEvent) => void;
}): JSX.Element {
  const { node, x, y, width } = props.placed;
  return (
    <g
      data-at={props.at}
      className={`jp-snapbook-Node jp-mod-${node.kind}`}
      transform={`translate(${x} ${y})`}
      role="link"
      tabIndex={props.current ? 0 : -1}
      aria-label={props.said}
      onFocus={props.onFocus}
      onClick={props.onOpen}
      onKeyDown={props.onKeyDown}
    >
      <title>{props.said}</title>
      <rect width={width} height={BOX.height} rx={node.kind === 'cell' ? 2 : BOX.height / 2} />
      <text x={width / 2} y={BOX.height / 2} textAnchor="middle" dominantBaseline="central">
        {SIGNS[node.kind] ?? ''} {inline(node.label, LONGEST)}
      </text>
    </g>
  );
}

/** The graph as a list: each node, what it comes from and what it leads to. */
export function LineageList(props: LineageProps): JSX.Element {
  const { graph, trans, onOpen } = props;
  return (
    <ul className="jp-snapbook-Plain">
      {graph.nodes.map(node => {
        const [from, to] = beside(node, graph);
        return (
          <li key={node.id}>
            {kindName(node, trans)}{' '}
            <button type="button" className="jp-snapbook-Link" onClick={() => onOpen(node)}>
              <Said text={node.label} longest={80} />
            </button>{' '}
            <span className="jp-snapbook-Quiet">
              <Said text={node.detail} longest={120} />
              {from.length > 0 && ` ${trans.__('from %1', names(from))}`}
              {to.length > 0 && ` → ${names(to)}`}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

// A form beside the colour, so that kinds can be told without it.
const SIGNS: { [kind: string]: string } = {
  file: '▤',
  frame: '▦',
  cell: '❯',
  model: '◈',
  alias: '◆',
  module: '⌘'
};

function kindName(node: GraphNode, trans: TranslationBundle): string {
  switch (node.kind) {
    case 'file':
      return trans.__('file');
    case 'frame':
      return trans.__('frame');
    case 'cell':
      return trans.__('cell');
    case 'model':
      return trans.__('model');
    case 'alias':
      return trans.__('alias');
    case 'module':
      return trans.__('module');
    default:
      return '';
  }
}

function said(node: GraphNode, graph: Graph, trans: TranslationBundle): string {
  const [from, to] = beside(node, graph);
  const words = [`${kindName(node, trans)} ${inline(node.label, 80)}`, inline(node.detail, 120)];
  if (from.length > 0) {
    words.push(trans.__('from %1', names(from)));
  }
  if (to.length > 0) {
    words.push(trans.__('leads to %1', names(to)));
  }
  return words.filter(word => word !== '').join(', ');
}

/** The nodes before and after one. */
function beside(node: GraphNode, graph: Graph): [GraphNode[], GraphNode[]] {
  const found = (ids: readonly string[]): GraphNode[] =>
    graph.nodes.filter(other => ids.includes(other.id));
  return [
    found(neighbours(graph.edges, 1).get(node.id) ?? []),
    found(neighbours(graph.edges, 0).get(node.id) ?? [])
  ];
}

function names(nodes: readonly GraphNode[]): string {
  const shown = nodes.slice(0, 6).map(node => inline(node.label, 30));
  return shown.join(', ') + (nodes.length > 6 ? ', …' : '');
}

function curve(from: Placed, to: Placed): string {
  const [x1, y1] = [from.x + from.width, from.y + BOX.height / 2];
  const [x2, y2] = [to.x, to.y + BOX.height / 2];
  const bend = Math.max(24, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
