import { describe, expect, it } from 'vitest';
import { Chosen } from '../../src/chosen';
import type { Row } from '../../src/types';
import { rows } from './sample';

function chosen(): { chosen: Chosen; told: () => number } {
  const made = new Chosen();
  let times = 0;
  made.changed.connect(() => (times += 1));
  return { chosen: made, told: () => times };
}

const known = rows(3);
const find = (ref: string): Row | null => known.find(row => row.ref === ref) ?? null;

describe('what is chosen', () => {
  it('is told when it changed, and only then', () => {
    const { chosen: made, told } = chosen();
    made.setActive('churn:0.1.0');
    made.setActive('churn:0.1.0');
    expect(told()).toBe(1);
    made.setNewest('churn:0.2.0');
    expect([made.active, told()]).toEqual(['churn:0.1.0', 1]);
  });

  it('goes along with the newest version, from the beginning on', () => {
    const { chosen: made } = chosen();
    made.setNewest('churn:0.1.0');
    made.setNewest('churn:0.2.0');
    expect(made.active).toBe('churn:0.2.0');
    made.setActive('churn:0.1.0');
    made.setNewest('churn:0.3.0');
    expect(made.active).toBe('churn:0.1.0');
    made.setActive('churn:0.3.0');
    made.setNewest('churn:0.4.0');
    expect(made.active).toBe('churn:0.4.0');
  });

  it('is compared in the order of age, whatever was marked first', () => {
    const { chosen: made } = chosen();
    made.toggleMark('churn:0.3.0');
    expect(made.inOrder(find)).toEqual(['churn:0.3.0']);
    made.toggleMark('churn:0.1.0');
    expect(made.inOrder(find)).toEqual(['churn:0.1.0', 'churn:0.3.0']);
    made.toggleMark('price:0.1.0');
    // One that is not loaded may be of any age.
    expect(made.inOrder(find)).toEqual(['churn:0.1.0', 'price:0.1.0']);
  });

  it('opens and folds runs, each time another set for who compares', () => {
    const { chosen: made } = chosen();
    const before = made.unfolded;
    made.toggleFold('fold a');
    expect([before.size, [...made.unfolded]]).toEqual([0, ['fold a']]);
    made.toggleFold('fold a');
    expect(made.unfolded.size).toBe(0);
  });

  it('is nothing of a place that was left', () => {
    const { chosen: made } = chosen();
    made.setNewest('churn:0.3.0');
    made.toggleMark('churn:0.1.0');
    made.clear();
    expect([made.active, made.marks]).toEqual(['', []]);
    made.setNewest('price:0.1.0');
    expect(made.active).toBe('price:0.1.0');
  });
});
