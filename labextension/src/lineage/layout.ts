/**
 * Where each node of a lineage graph stands: layers from left to right, few crossings.
 *
 * Pure. A layer is the longest way from a source (Sugiyama's first step), sources stand right before
 * what they lead to; the order within a layer follows the mean place of the neighbours, swept forth
 * and back. Edges of a circle are left out of the layering, so that any graph gets a picture. What
 * a longer way says already is not drawn, and cells in a row are drawn as one.
 */
import type { Graph, GraphNode } from '../types';

/** A node with the place of its box's top left corner. */
export interface Placed {
  node: GraphNode;
  layer: number;
  x: number;
  y: number;
  width: number;
}

/** All boxes, lines between them, and the size of the picture. */
export interface Picture {
  nodes: Placed[];
  edges: { from: Placed; to: Placed }[];
  width: number;
  height: number;
}

/** A box's height and the gaps, in pixels. */
export const BOX = { height: 26, across: 30, down: 10, margin: 8 } as const;

/** How many characters of a label a box shows. */
export const LONGEST = 16;

const SWEEPS = 4;
// A box is as wide as its label, roughly: text cannot be measured before it is drawn.
const SIDES = 36;
const CHARACTER = 7;

function widthOf(node: GraphNode): number {
  return SIDES + CHARACTER * Math.min(LONGEST, Math.max(2, node.label.length));
}

/** Lay out a graph. Edges to unknown nodes and double ids are left out. */
export function layOut(graph: Graph): Picture {
  const nodes = new Map<string, GraphNode>();
  for (const node of graph.nodes) {
    if (!nodes.has(node.id)) {
      nodes.set(node.id, node);
    }
  }
  const edges = graph.edges.filter(
    ([from, to]) => from !== to && nodes.has(from) && nodes.has(to)
  );
  const layerOf = layers([...nodes.keys()], edges);
  const columns: string[][] = [];
  for (const id of nodes.keys()) {
    const layer = layerOf.get(id) ?? 0;
    (columns[layer] ??= []).push(id);
  }
  order(columns, edges);
  const tallest = Math.max(0, ...columns.map(column => column.length));
  const placed = new Map<string, Placed>();
  let left: number = BOX.margin;
  columns.forEach((column, layer) => {
    const wide = column.flatMap(id => nodes.get(id) ?? []).map(widthOf);
    const width = Math.max(0, ...wide);
    const top = ((tallest - column.length) * (BOX.height + BOX.down)) / 2;
    column.forEach((id, at) => {
      const node = nodes.get(id);
      if (node !== undefined) {
        const y = BOX.margin + top + at * (BOX.height + BOX.down);
        placed.set(id, { node, layer, x: left, y, width });
      }
    });
    left += width + BOX.across;
  });
  const lines = edges.flatMap(([a, b]) => {
    const [from, to] = [placed.get(a), placed.get(b)];
    return from !== undefined && to !== undefined ? [{ from, to }] : [];
  });
  return {
    nodes: [...placed.values()],
    edges: lines,
    width: Math.max(left - BOX.across, BOX.margin) + BOX.margin,
    height: 2 * BOX.margin + tallest * (BOX.height + BOX.down) - BOX.down
  };
}

/**
 * Where a frame of this size begins to show a picture that is larger than it: the model is seen,
 * and of what it came from as much as fits. Of where it went nothing, unless there is room.
 */
export function beginning(
  picture: Picture,
  model: Placed,
  width: number,
  height: number
): { left: number; top: number } {
  const right = model.x + model.width + BOX.margin;
  const middle = model.y + BOX.height / 2;
  const left = Math.min(Math.max(0, right - width), Math.max(0, picture.width - width));
  const top = Math.min(Math.max(0, middle - height / 2), Math.max(0, picture.height - height));
  return { left, top };
}

/** The layer of each node: one more than the highest of those it comes from. */
function layers(ids: readonly string[], edges: readonly [string, string][]): Map<string, number> {
  const after = neighbours(edges, 0);
  const open = new Map<string, number>(ids.map(id => [id, 0]));
  for (const [, to] of edges) {
    open.set(to, (open.get(to) ?? 0) + 1);
  }
  const layer = new Map<string, number>(ids.map(id => [id, 0]));
  const done = new Set<string>();
  let ready = ids.filter(id => open.get(id) === 0);
  while (done.size < ids.length) {
    if (ready.length === 0) {
      // A circle: begin it at the first of its nodes.
      ready = [ids.find(id => !done.has(id)) as string];
    }
    const next: string[] = [];
    for (const id of ready) {
      if (done.has(id)) {
        continue;
      }
      done.add(id);
      for (const to of after.get(id) ?? []) {
        if (done.has(to)) {
          continue;
        }
        layer.set(to, Math.max(layer.get(to) ?? 0, (layer.get(id) ?? 0) + 1));
        const left = (open.get(to) ?? 0) - 1;
        open.set(to, left);
        if (left === 0) {
          next.push(to);
        }
      }
    }
    ready = next;
  }
  drawSourcesNear(ids, edges, layer);
  return layer;
}

/** Put nodes that come from nothing right before the first that they lead to. */
function drawSourcesNear(
  ids: readonly string[],
  edges: readonly [string, string][],
  layer: Map<string, number>
): void {
  const [after, before] = [neighbours(edges, 0), neighbours(edges, 1)];
  for (const id of ids) {
    const next = after.get(id) ?? [];
    if (next.length > 0 && !before.has(id)) {
      const nearest = Math.min(...next.map(other => layer.get(other) ?? 0));
      layer.set(id, Math.max(0, nearest - 1));
    }
  }
}

/** Cells in a row from here on are drawn as one. */
const FOLD_FROM = 3;

/**
 * The graph as it is drawn: without edges that a longer way says already, and, unless `every` cell
 * is wanted, with cells in a row as one node. Such a node has the id of the first of them.
 */
export function drawn(graph: Graph, every: boolean): Graph {
  const kinds = new Map(graph.nodes.map(node => [node.id, node.kind]));
  const edges = reduced(graph.edges);
  if (every) {
    return { ...graph, edges };
  }
  const [after, before] = [neighbours(edges, 0), neighbours(edges, 1)];
  const isCell = (id: string): boolean => kinds.get(id) === 'cell';
  // A cell goes on a row if the row's end leads to it alone, and nothing else does.
  const goesOn = (id: string): boolean => {
    const from = before.get(id) ?? [];
    return isCell(id) && from.length === 1 && isCell(from[0]) && after.get(from[0])?.length === 1;
  };
  const inRow = new Map<string, GraphNode[]>();
  const headOf = new Map<string, string>();
  for (const node of graph.nodes) {
    if (!isCell(node.id) || goesOn(node.id)) {
      continue;
    }
    const row = [node];
    for (let next = after.get(node.id); next?.length === 1 && goesOn(next[0]); ) {
      const found = graph.nodes.find(other => other.id === next?.[0]);
      if (found === undefined || row.includes(found)) {
        break;
      }
      row.push(found);
      next = after.get(found.id);
    }
    if (row.length >= FOLD_FROM) {
      inRow.set(node.id, row);
      row.forEach(member => headOf.set(member.id, node.id));
    }
  }
  const nodes = graph.nodes
    .filter(node => (headOf.get(node.id) ?? node.id) === node.id)
    .map(node => asOne(node, inRow.get(node.id)));
  const kept = edges
    .map(([from, to]): [string, string] => [headOf.get(from) ?? from, headOf.get(to) ?? to])
    .filter(([from, to]) => from !== to);
  return { ...graph, nodes, edges: kept };
}

function asOne(node: GraphNode, row: readonly GraphNode[] | undefined): GraphNode {
  if (row === undefined) {
    return node;
  }
  const labels = row.map(member => member.label);
  return {
    ...node,
    label: `${labels[0]} … ${labels[labels.length - 1]}`,
    detail: labels.join(' ')
  };
}

/** The edges that no longer way says already. Edges of circles stay. */
export function reduced(edges: readonly [string, string][]): [string, string][] {
  const after = neighbours(edges, 0);
  const isLonger = (from: string, to: string): boolean => {
    const seen = new Set<string>([from]);
    const open = (after.get(from) ?? []).filter(id => id !== to);
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (id === to) {
        return true;
      }
      if (!seen.has(id)) {
        seen.add(id);
        open.push(...(after.get(id) ?? []));
      }
    }
    return false;
  };
  return edges.filter(([from, to]) => !isLonger(from, to));
}

/** Order each column by the mean place of its neighbours in the column before, then after. */
function order(columns: string[][], edges: readonly [string, string][]): void {
  const before = neighbours(edges, 1);
  const after = neighbours(edges, 0);
  const place = new Map<string, number>();
  const note = (column: string[]): void => column.forEach((id, at) => place.set(id, at));
  columns.forEach(note);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forth = sweep % 2 === 0;
    const walk = forth ? columns : [...columns].reverse();
    for (const column of walk) {
      const beside = forth ? before : after;
      const mean = new Map<string, number>();
      column.forEach((id, at) => {
        const places = (beside.get(id) ?? []).map(other => place.get(other) ?? 0);
        const sum = places.reduce((total, one) => total + one, 0);
        mean.set(id, places.length > 0 ? sum / places.length : at);
      });
      column.sort((a, b) => (mean.get(a) ?? 0) - (mean.get(b) ?? 0));
      note(column);
    }
  }
}

/** For each node those at the other end: `side` 0 gives where it leads, 1 where it comes from. */
export function neighbours(
  edges: readonly [string, string][],
  side: 0 | 1
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const edge of edges) {
    const list = found.get(edge[side]);
    if (list === undefined) {
      found.set(edge[side], [edge[1 - side]]);
    } else {
      list.push(edge[1 - side]);
    }
  }
  return found;
}
