/**
 * A metric over versions: a line of a row's height, or a plot with its bounds.
 *
 * One slider for the keyboard: arrows walk the versions, a click chooses the nearest.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Select } from '../common/surroundings';
import { fullDate, valueText } from '../format';
import type { Series, SeriesPoint } from '../types';

export interface PlotProps {
  series: Series;
  metrics: readonly string[];
  active: string;
  open: boolean;
  trans: TranslationBundle;
  onSelect(ref: string): void;
  onOpen(open: boolean): void;
  onMetric(metric: string): void;
}

const WIDTH = 1000;
const HEIGHT = 100;
/** Single points are drawn up to this many. */
const MOST_DOTS = 80;

export function Plot(props: PlotProps): JSX.Element | null {
  const { series, trans, open } = props;
  const { points } = series;
  if (points.length < 3) {
    return null;
  }
  const spots = place(points);
  const at = points.findIndex(point => point.ref === props.active);
  const best = bestOf(series);
  const choose = (index: number): void => {
    const point = points[Math.min(points.length - 1, Math.max(0, index))];
    props.onSelect(point.ref);
  };
  const shown = points[at];
  return (
    <div className={`jp-snapbook-plot${open ? ' jp-mod-open' : ''}`}>
      <div className="jp-snapbook-plothead">
        <button
          type="button"
          className="jp-snapbook-link"
          aria-expanded={open}
          title={open ? trans.__('Smaller plot') : trans.__('Larger plot')}
          onClick={() => props.onOpen(!open)}
        >
          {open && props.metrics.length > 1 ? trans.__('smaller') : series.metric}
        </button>
        {open && props.metrics.length > 1 && (
          <Select
            aria-label={trans.__('Metric of the plot')}
            value={series.metric}
            onChange={event => props.onMetric(event.currentTarget.value)}
          >
            {props.metrics.map(name => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </Select>
        )}
        <span className="jp-snapbook-gap" />
        {shown !== undefined ? (
          <span>{`${shown.number} ${valueText(shown.value)}`}</span>
        ) : (
          best !== null && <span>{trans.__('best %1', best.number)}</span>
        )}
      </div>
      <div
        className="jp-snapbook-canvas"
        role="slider"
        tabIndex={0}
        aria-label={trans.__('%1 over versions', series.metric)}
        aria-valuemin={1}
        aria-valuemax={points.length}
        aria-valuenow={at < 0 ? points.length : at + 1}
        aria-valuetext={spoken(shown ?? points[points.length - 1])}
        onClick={event => {
          const box = event.currentTarget.getBoundingClientRect();
          choose(Math.round(((event.clientX - box.left) / box.width) * (points.length - 1)));
        }}
        onKeyDown={event => {
          const from = at < 0 ? points.length - 1 : at;
          const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: points.length - 1 };
          if (event.key in to) {
            event.preventDefault();
            event.stopPropagation();
            choose(to[event.key as keyof typeof to]);
          }
        }}
      >
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <polyline
            points={spots.map(spot => `${spot.x},${spot.y}`).join(' ')}
            vectorEffect="non-scaling-stroke"
          />
        </svg>
        {(open && points.length <= MOST_DOTS ? spots : []).map((spot, index) => (
          <span
            key={points[index].ref}
            className="jp-snapbook-dot"
            title={spoken(points[index])}
            style={{ left: `${spot.x / 10}%`, top: `${spot.y}%` }}
          />
        ))}
        {at >= 0 && (
          <span
            className="jp-snapbook-dot jp-mod-active"
            style={{ left: `${spots[at].x / 10}%`, top: `${spots[at].y}%` }}
          />
        )}
        {open && <Bounds points={points} />}
      </div>
    </div>
  );
}

function Bounds({ points }: { points: readonly SeriesPoint[] }): JSX.Element {
  const [low, high] = bounds(points);
  return (
    <>
      <span className="jp-snapbook-bound jp-mod-high">{valueText(high)}</span>
      <span className="jp-snapbook-bound jp-mod-low">{valueText(low)}</span>
    </>
  );
}

function bounds(points: readonly SeriesPoint[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const { value } of points) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** Points in the units of the drawing, with room above and below. */
function place(points: readonly SeriesPoint[]): { x: number; y: number }[] {
  const [low, high] = bounds(points);
  const span = high - low;
  return points.map(({ value }, index) => ({
    x: (index / (points.length - 1)) * WIDTH,
    y: span > 0 ? HEIGHT * (0.92 - 0.84 * ((value - low) / span)) : HEIGHT / 2
  }));
}

function bestOf({ points, direction }: Series): SeriesPoint | null {
  if (direction === null) {
    return null;
  }
  const sign = direction === 'max' ? 1 : -1;
  return points.reduce((best, point) => (sign * (point.value - best.value) > 0 ? point : best));
}

function spoken(point: SeriesPoint): string {
  return `${point.number}: ${valueText(point.value)}, ${fullDate(point.time)}`;
}
