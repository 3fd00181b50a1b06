/**
 * What is chosen in a list of versions: the line that the keyboard is on, the marks, the open folds.
 *
 * Emits when it changed. Knows references and keys, not the rows that are loaded nor the screen.
 */
import { Signal, type ISignal } from '@lumino/signaling';
import type { Row } from './types';

/** How many versions can be compared. */
const MOST_MARKS = 2;

export class Chosen {
  /** The key of the line that the keyboard is on, "" for none. */
  active = '';
  /** The references of what is to be compared, in the order in which they were marked. */
  marks: readonly string[] = [];
  /** The keys of the runs that are open. Another set where it changed. */
  unfolded: ReadonlySet<string> = new Set();

  /** The newest version that was listed last. */
  private newest = '';
  private readonly changed_ = new Signal<this, void>(this);

  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  setActive(key: string): void {
    if (key !== this.active) {
      this.active = key;
      this.changed_.emit();
    }
  }

  /** Who stands on the newest version stays on the newest; elsewhere the place is kept. */
  setNewest(ref: string): void {
    const goesAlong = this.active === '' || this.active === this.newest;
    this.newest = ref;
    if (goesAlong) {
      this.setActive(ref);
    }
  }

  /** Mark a version for comparing, or take the mark off; a third takes the oldest mark's place. */
  toggleMark(ref: string): void {
    this.marks = this.marks.includes(ref)
      ? this.marks.filter(marked => marked !== ref)
      : [...this.marks, ref].slice(-MOST_MARKS);
    this.changed_.emit();
  }

  clearMarks(): void {
    this.marks = [];
    this.changed_.emit();
  }

  toggleFold(key: string): void {
    const unfolded = new Set(this.unfolded);
    if (!unfolded.delete(key)) {
      unfolded.add(key);
    }
    this.unfolded = unfolded;
    this.changed_.emit();
  }

  /** The marks, the older version first where `find` knows both. */
  inOrder(find: (ref: string) => Row | null): string[] {
    const age = (ref: string): number => find(ref)?.n ?? NaN;
    const [one, two] = this.marks;
    return two !== undefined && age(one) > age(two) ? [two, one] : [...this.marks];
  }

  /** Other versions are listed: nothing of these is chosen. */
  clear(): void {
    this.active = '';
    this.newest = '';
    this.marks = [];
    this.changed_.emit();
  }
}
