/** A histogram as a small picture with a text of the same content. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { inline } from '../common/text';
import type { JsonObject } from '../types';
import { histogram, percent } from './histogram';

const WIDTH = 96;
const HEIGHT = 20;

/** The bars of one column; its `name` is said where it does not stand beside them. */
export function Bars(props: {
  profile: JsonObject;
  name?: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { bars, words: told, kind } = histogram(props.profile, props.trans);
  const words = props.name === undefined ? told : `${inline(props.name, 60)}: ${told}`;
  const most = Math.max(...bars.map(bar => bar.share), 1e-9);
  const step = WIDTH / Math.max(bars.length, 1);
  return (
    <svg
      className="jp-snapbook-Bars"
      data-kind={kind}
      role="img"
      aria-label={words}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
    >
      <title>{words}</title>
      {bars.map((bar, at) => {
        const height = bar.share > 0 ? Math.max(1, (bar.share / most) * (HEIGHT - 1)) : 0;
        const said = `${inline(bar.label, 60)}: ${percent(bar.share)}`;
        return (
          <rect key={at} x={at * step} y={HEIGHT - height} width={step - 1} height={height}>
            <title>{props.name === undefined ? said : `${inline(props.name, 60)}, ${said}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}

/** What the bars say, in words, for a table's cell. */
export function BarWords(props: { profile: JsonObject; trans: TranslationBundle }): JSX.Element {
  return <bdi>{inline(histogram(props.profile, props.trans).words, 200)}</bdi>;
}
