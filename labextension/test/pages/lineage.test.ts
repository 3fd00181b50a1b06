import { describe, expect, it } from 'vitest';

import { beginning, drawn, layOut, reduced } from '../../src/lineage/layout';
import { step } from '../../src/lineage/step';
import type { Graph, GraphNode } from '../../src/types';

const node = (id: string, kind: GraphNode['kind'] = 'cell'): GraphNode => ({
  id,
  kind,
  label: id,
  detail: '',
  section: ''
});
const graph = (ids: string, edges: string, kind: GraphNode['kind'] = 'cell'): Graph => ({
  nodes: ids.split(' ').map(id => node(id, kind)),
  edges: edges.split(' ').map(edge => edge.split('-') as [string, string])
});

describe('the lineage picture', () => {
  it('goes from left to right along every edge', () => {
    const picture = layOut(graph('a b c d', 'a-b b-d a-c c-d a-d'));
    picture.edges.forEach(({ from, to }) => expect(from.x).toBeLessThan(to.x));
    expect(picture.nodes).toHaveLength(4);
  });

  it('begins with the model and as much of what it came from as fits', () => {
    const picture = layOut(graph('a b c d e model alias', 'a-b b-c c-d d-e e-model model-alias'));
    const model = picture.nodes.find(placed => placed.node.id === 'model');
    if (model === undefined) {
      throw new Error('the model');
    }
    expect(beginning(picture, model, picture.width, picture.height)).toEqual({ left: 0, top: 0 });
    const narrow = beginning(picture, model, 300, picture.height);
    expect(narrow.left + 300).toBeGreaterThanOrEqual(model.x + model.width);
    expect(narrow.left).toBeLessThan(model.x - 150);
    // Even narrower than the way from the model to its alias: the model still counts.
    expect(beginning(picture, model, 60, 10).left + 60).toBeGreaterThanOrEqual(model.x + model.width);
  });

  it('puts a source right before what it leads to', () => {
    const picture = layOut(graph('a b c d late', 'a-b b-c c-d late-d'));
    const at = new Map(picture.nodes.map(placed => [placed.node.id, placed.layer]));
    expect(at.get('late')).toBe((at.get('d') ?? 0) - 1);
  });

  it('draws a circle, unknown ends and double ids', () => {
    const picture = layOut(graph('a b c a', 'a-b b-c c-a a-nowhere b-b'));
    expect(picture.nodes).toHaveLength(3);
    expect(picture.edges).toHaveLength(3);
  });

  it('lets no two boxes overlap, also of 200 nodes', () => {
    const ids = Array.from({ length: 200 }, (_, at) => `n${at}`);
    const edges = ids.flatMap((id, at) =>
      [1, 7, 13].filter(by => at % by === 0 && at + by < 200).map(by => `${id}-n${at + by}`)
    );
    const picture = layOut(graph(ids.join(' '), edges.join(' ')));
    const places = picture.nodes.map(({ x, y }) => `${x},${y}`);
    expect(new Set(places).size).toBe(200);
  });

  it('leaves out what a longer way says', () => {
    expect(reduced(graph('a b c', 'a-b b-c a-c').edges)).toEqual([
      ['a', 'b'],
      ['b', 'c']
    ]);
  });

  it('draws cells in a row as one, unless every cell is wanted', () => {
    const whole = graph('a b c d', 'a-b b-c c-d');
    whole.nodes.push(node('m', 'model'));
    whole.edges.push(['d', 'm']);
    const few = drawn(whole, false);
    expect(few.nodes.map(one => one.label)).toEqual(['a … d', 'm']);
    expect(few.edges).toEqual([['a', 'm']]);
    expect(drawn(whole, true).nodes).toHaveLength(5);
  });

  it('does not fold a row that something else enters', () => {
    const whole = graph('a b c', 'a-b b-c f-c');
    whole.nodes.push(node('f', 'file'));
    expect(drawn(whole, false).nodes).toHaveLength(4);
  });

  it('is walked with arrow keys', () => {
    const picture = layOut(graph('a b c', 'a-b a-c', 'frame'));
    const at = (id: string): (typeof picture.nodes)[number] =>
      picture.nodes.find(placed => placed.node.id === id) ?? picture.nodes[0];
    expect(['b', 'c']).toContain(step(picture, at('a'), 'ArrowRight')?.node.id);
    expect(step(picture, at('b'), 'ArrowLeft')?.node.id).toBe('a');
    const lower = at('b').y < at('c').y ? 'c' : 'b';
    const upper = lower === 'c' ? 'b' : 'c';
    expect(step(picture, at(upper), 'ArrowDown')?.node.id).toBe(lower);
    expect(step(picture, at(lower), 'ArrowDown')).toBeNull();
    expect(step(picture, at('a'), 'x')).toBeNull();
  });
});
