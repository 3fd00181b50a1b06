/**
 * What the panel's components may ask for; commands.ts does it.
 */
import type { JsonObject, Saved } from '../types';

/** What the form asks the kernel to keep. Empty text is "derive it". */
export interface SnapshotRequest {
  name: string;
  variable: string;
  message: string;
  bump: '' | 'major' | 'minor' | 'patch';
  number: string;
  /** Frames to keep; null leaves the choice to the kernel. */
  data: string[] | null;
  rows: 'budget' | 'always' | 'never';
  tags: string[];
  attach: string[];
}

export interface Acts {
  run(command: string, args?: JsonObject): void;
  copy(text: string): void;
  snapshot(request: Partial<SnapshotRequest>): void;
  cancelSnapshot(): void;
  /** What the snapshot would become. Rejects with a sentence. */
  preview(request: SnapshotRequest): Promise<Saved>;
  /** The menu of further acts, below a button. */
  openMenu(below: DOMRect): void;
  /** Whether a command is there at all. */
  has(command: string): boolean;
  /** Whether snapbook is loaded by itself in this notebook's folder. */
  loadsAlways(): boolean;
  setLoadsAlways(on: boolean): void;
}
