/**
 * What stands around the rows of one model: its pinned versions and the course of a metric.
 *
 * Asks the server and keeps the answers; knows neither kernels nor the screen.
 */
import type { Client } from './client';
import type { Row, Series } from './types';

export class Around {
  pins: Row[] = [];
  series: Series | null = null;
  /** The metric of the plot, "" for the main one. */
  metric = '';

  private asked = 0;

  constructor(private readonly client: Client) {}

  clear(): void {
    this.asked += 1;
    this.pins = [];
    this.series = null;
  }

  /** Read it of `model`; the last one that asked is right. Whether that was this one. */
  async read(path: string, model: string): Promise<boolean> {
    const asked = ++this.asked;
    const [pins, series] = await Promise.all([
      this.client.pins(path, model).catch((): Row[] => []),
      this.client.series(path, model, this.metric).catch((): null => null)
    ]);
    if (asked !== this.asked) {
      return false;
    }
    this.pins = pins;
    this.series = series;
    return true;
  }
}
