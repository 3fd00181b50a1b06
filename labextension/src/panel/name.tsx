/** A model's name where there is little room: its middle yields, its end never does. */
import * as React from 'react';

/** How many characters of a long name stay at its end, where names of one family differ. */
const TAIL = 4;

/** A name as what may be cut and what stays; a short one is left whole. */
export function headAndTail(name: string): [string, string] {
  const characters = Array.from(name);
  const cut = characters.length > 3 * TAIL ? characters.length - TAIL : characters.length;
  return [characters.slice(0, cut).join(''), characters.slice(cut).join('')];
}

/** The name on one line, as wide as there is room. */
export function NameView({ name }: { name: string }): JSX.Element {
  const [head, tail] = headAndTail(name);
  return (
    <span className="jp-snapbook-name">
      <span className="jp-snapbook-head">{head}</span>
      {tail !== '' && <span>{tail}</span>}
    </span>
  );
}
