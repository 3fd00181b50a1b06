import { describe, expect, it } from 'vitest';
import { headAndTail } from '../../src/panel/name';
import { initial } from '../../src/panel/request';
import type { KernelStatus, VerbInfo } from '../../src/types';
import { buttonOf, freesNothing, namedButton, titleOf } from '../../src/verbcall';

describe('a name where there is little room', () => {
  it('is cut in its middle, if at all', () => {
    expect(headAndTail('churn')).toEqual(['churn', '']);
    expect(headAndTail('churn-of-the-north')).toEqual(['churn-of-the-n', 'orth']);
    const [head, tail] = headAndTail('m'.repeat(20) + '😀😀😀😀');
    expect(head + tail).toBe('m'.repeat(20) + '😀😀😀😀');
    expect(tail).toBe('😀😀😀😀');
  });
});

describe('the form', () => {
  const status = {
    name: 'churn',
    variable: 'model',
    candidates: [
      { variable: 'model', class_name: 'Forest', fitted: true, why: '' },
      { variable: 'raw', class_name: 'Forest', fitted: false, why: 'not fitted' },
      { variable: 'gb', class_name: 'Boosting', fitted: true, why: '' }
    ]
  } as unknown as KernelStatus;

  it('opens with what the kernel suggests', () => {
    const { name, variable } = initial({ status, rows: 'budget', wrong: null });
    expect([name, variable]).toEqual(['churn', 'model']);
  });

  it('opens with another variable than the wrong one, under the name of its model', () => {
    const wrong = { ref: 'team/price:1.0.0', variable: 'model' };
    const { name, variable } = initial({ status, rows: 'budget', wrong });
    expect([name, variable]).toEqual(['team/price', 'gb']);
    const alone = { ...status, candidates: status.candidates.slice(0, 2) };
    expect(initial({ status: alone, rows: 'budget', wrong }).variable).toBe('');
  });
});

describe('a verb of the table', () => {
  it('is told with what it is about', () => {
    const verb = { label: 'Teleport' } as VerbInfo;
    expect(titleOf(verb, ['churn:0.1.0'])).toBe('Teleport: churn:0.1.0');
    expect(titleOf(verb, [])).toBe('Teleport');
  });

  it('frees nothing where its preview says so', () => {
    expect(freesNothing({ bytes: 0, packs: 0, debris: 0, dry_run: true })).toBe(true);
    expect(freesNothing({ bytes: 0, packs: 0, debris: 1, dry_run: true })).toBe(false);
    expect(freesNothing({ lines: [] })).toBe(false);
    expect(freesNothing(null)).toBe(false);
  });
});

describe('the button of a verb', () => {
  const verb = {
    label: 'Promote…',
    button: 'Promote {ref} to {alias}',
    arguments: [
      { name: 'ref', positional: true },
      { name: 'reason', positional: false },
      { name: 'alias', positional: true }
    ]
  } as unknown as VerbInfo;

  it('says in the end what it does to what', () => {
    expect(buttonOf(verb)).toBe('Promote');
    const call = { args: ['churn:1.5.0', 'production'], options: { reason: 'drift' } };
    expect(namedButton(verb, call)).toBe('Promote churn:1.5.0 to production');
    expect(namedButton(verb, { args: ['a{alias}', '{ref}'], options: {} })).toBe(
      'Promote a{alias} to {ref}'
    );
  });

  it('says the act alone where something is left out', () => {
    expect(namedButton(verb, { args: ['churn:1.5.0'], options: {} })).toBe('Promote');
    expect(namedButton({ ...verb, button: '' }, { args: [], options: {} })).toBe('Promote…');
  });
});
