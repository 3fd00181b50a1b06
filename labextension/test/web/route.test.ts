import { describe, expect, it } from 'vitest';
import { addressOf, modelOf, routeOf, type Route } from '../../src/web/route';

const ROUTES: [string, Route][] = [
  ['#/', { screen: 'models' }],
  ['#/churn', { screen: 'versions', model: 'churn' }],
  ['#/churn/1.4.0', { screen: 'version', model: 'churn', ref: 'churn:1.4.0' }],
  ['#/risk%2Fchurn/1.4.0', { screen: 'version', model: 'risk/churn', ref: 'risk/churn:1.4.0' }],
  [
    '#/churn/diff/1.3.0/1.4.0',
    { screen: 'diff', model: 'churn', old: 'churn:1.3.0', now: 'churn:1.4.0' }
  ],
  ['#/churn/diff/1.3.0', { screen: 'diff', model: 'churn', old: 'churn:1.3.0', now: '' }],
  [
    '#/churn/diff/price%3A0.1.0/1.4.0',
    { screen: 'diff', model: 'churn', old: 'price:0.1.0', now: 'churn:1.4.0' }
  ],
  [
    '#/churn/review/production',
    { screen: 'review', model: 'churn', alias: 'production', ref: '' }
  ],
  [
    '#/churn/review/staging/1.4.0',
    { screen: 'review', model: 'churn', alias: 'staging', ref: 'churn:1.4.0' }
  ],
  ['#/churn/audit', { screen: 'audit', model: 'churn' }],
  ['#/%3Aaudit', { screen: 'audit', model: '' }]
];

describe('an address', () => {
  it.each(ROUTES)('%s is one screen, both ways', (address, route) => {
    expect(routeOf(address)).toEqual(route);
    expect(addressOf(route)).toBe(address);
  });

  it('that people type leads somewhere', () => {
    expect(routeOf('')).toEqual({ screen: 'models' });
    expect(routeOf('#churn/')).toEqual({ screen: 'versions', model: 'churn' });
    expect(routeOf('#/churn/review')).toMatchObject({ screen: 'review', alias: 'production' });
    expect(routeOf('#/churn/@production')).toMatchObject({ ref: 'churn@production' });
    expect(routeOf('#/:audit')).toEqual({ screen: 'audit', model: '' });
    expect(routeOf('#/%ff/1.0.0')).toMatchObject({ model: '%ff' });
  });

  it('whatever is in it stays a name', () => {
    const model = '<script>"/../?#';
    expect(routeOf(addressOf({ screen: 'versions', model }))).toEqual({ screen: 'versions', model });
  });
});

it('a reference names its model', () => {
  expect(['churn:1.0.0', 'risk/churn@production', 'churn~2', 'churn'].map(modelOf)).toEqual([
    'churn',
    'risk/churn',
    'churn',
    'churn'
  ]);
});
