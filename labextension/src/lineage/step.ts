/** Walking through the lineage picture with arrow keys. Pure. */
import type { Picture, Placed } from './layout';

/** The node that an arrow key leads to; null for other keys and at the ends. */
export function step(picture: Picture, from: Placed, key: string): Placed | null {
  const layer = picture.nodes.filter(placed => placed.layer === from.layer);
  const byHeight = [...layer].sort((a, b) => a.y - b.y);
  const at = byHeight.indexOf(from);
  switch (key) {
    case 'ArrowUp':
      return byHeight[at - 1] ?? null;
    case 'ArrowDown':
      return byHeight[at + 1] ?? null;
    case 'ArrowRight':
      return nearest(picture.edges.filter(edge => edge.from === from).map(edge => edge.to), from);
    case 'ArrowLeft':
      return nearest(picture.edges.filter(edge => edge.to === from).map(edge => edge.from), from);
    default:
      return null;
  }
}

function nearest(placed: readonly Placed[], from: Placed): Placed | null {
  const ranked = [...placed].sort((a, b) => Math.abs(a.y - from.y) - Math.abs(b.y - from.y));
  return ranked[0] ?? null;
}
