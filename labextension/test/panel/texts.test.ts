import { describe, expect, it } from 'vitest';
import { commentForm, magicForm } from '../../src/cells';
import {
  ageText,
  dayHeading,
  deltaText,
  numberOf,
  sizeText,
  spokenRow,
  valueText
} from '../../src/format';
import { quoted, verbLine } from '../../src/kernel';
import { isExpression, NO_FILTERS, queryOf } from '../../src/search';
import { saveWords, split } from '../../src/words';
import { row, trans } from './sample';

describe('numbers', () => {
  it.each([
    [0.9561, '0.956'],
    [12345, '12,345'],
    [1234.5, '1,235'],
    [0.00001234, '1.2e-5'],
    [0, '0'],
    [-0.5, '-0.500'],
    [123.456, '123.5'],
    ['nan', 'nan'],
    [null, '']
  ])('%s is told as %s', (value, text) => expect(valueText(value)).toBe(text));

  it('carry their sign in a delta', () => {
    expect(deltaText(0.009)).toBe('+.009');
    expect(deltaText(-0.002)).toBe('\u2212.002');
    expect(deltaText(0)).toBe('\u00b10');
    expect(deltaText(null)).toBe('');
    expect(deltaText(NaN)).toBe('');
  });

  it('of bytes and references', () => {
    expect(sizeText(512)).toBe('512 bytes');
    expect(sizeText(31 * 1024 * 1024)).toBe('31 MB');
    expect(sizeText(1.5 * 1024 ** 3)).toBe('1.5 GB');
    expect(numberOf('team/churn:1.4.0')).toBe('1.4.0');
    expect(numberOf('now')).toBe('now');
  });
});

describe('times', () => {
  const now = Date.UTC(2026, 5, 15, 12);
  const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
  it.each([
    [ago(20), 'now'],
    [ago(240), '4 min'],
    [ago(22 * 3600), '22 h'],
    [ago(3 * 86400), '3 d'],
    ['2025-01-02T12:00:00Z', '2025-01'],
    ['2026-01-12T12:00:00Z', 'Jan 12'],
    ['no date', '']
  ])('%s is %s', (time, text) => expect(ageText(time, now, trans)).toBe(text));

  it('make headings', () => {
    expect(dayHeading(ago(60), now, trans)).toBe('today');
    expect(dayHeading(ago(86400), now, trans)).toBe('yesterday');
    expect(dayHeading('2025-01-20T12:00:00Z', now, trans)).toBe('January 2025');
    expect(dayHeading('no date', now, trans)).toBe('date unknown');
  });
});

describe('a row is spoken', () => {
  const now = Date.parse(row(1).time) + 240_000;
  it('with its metric, what became of it, its message and its age', () => {
    const previous = { ref: 'churn:0.0.9', value: 0.947 };
    const found = row(1, { delta: 0.009, better: true, previous, message: 'deeper trees' });
    expect(spokenRow(found, now, trans)).toBe(
      'churn:0.1.0, accuracy 0.950, 0.009 better than 0.0.9, deeper trees, 4 min'
    );
  });

  it('with the notebook that it is of, where that is another one', () => {
    const found = row(1, { provenance: 'other', notebook: 'explore.ipynb' });
    expect(spokenRow(found, now, trans)).toContain('of explore.ipynb');
    expect(spokenRow(row(1, { provenance: 'this' }), now, trans)).not.toContain(' of ');
    const shared = row(1, { provenance: 'registry', shared: ['team::churn:1.0.0'] });
    expect(spokenRow(shared, now, trans)).toContain('from team::churn:1.0.0');
  });

  it('without judgement where no direction is known', () => {
    const previous = { ref: 'churn:0.0.9', value: 1 };
    const found = row(1, { delta: -0.2, better: null, previous });
    expect(spokenRow(found, now, trans)).toContain('0.200 less than 0.0.9');
  });
});

describe('words for the kernel', () => {
  it('are quoted so that a shell-like reader gives them back', () => {
    expect(quoted('churn')).toBe('churn');
    expect(quoted('--message=two words')).toBe("'--message=two words'");
    expect(quoted(`it's "x" $HOME \\`)).toBe(`'it'"'"'s "x" $HOME \\'`);
    expect(quoted('a\nb')).toBe("'a b'");
    expect(quoted('')).toBe("''");
    expect(verbLine('save', ['churn', '--tag=a b'])).toBe("%snapbook save churn '--tag=a b' --json");
  });

  it('say what a snapshot was asked for and nothing else', () => {
    expect(saveWords({})).toEqual([]);
    expect(saveWords({ name: ' churn ', message: '-m is no option', bump: 'major' })).toEqual([
      'churn',
      '--message=-m is no option',
      '--bump=major'
    ]);
    expect(saveWords({ name: 'a', number: '2.0.0', bump: 'major' })).toEqual(['a', '--number=2.0.0']);
    expect(saveWords({ data: [] })).toEqual(['--data', 'none']);
    expect(saveWords({ data: ['X'], rows: 'never', tags: ['a', ' ', 'b=1'], attach: [''] })).toEqual([
      '--data',
      'none',
      'X',
      '--no-store',
      '--tag=a',
      '--tag=b=1'
    ]);
    expect(split(' exp,team=risk  @x ')).toEqual(['exp', 'team=risk', '@x']);
  });
});

describe('the search line', () => {
  it.each([
    ['accuracy > 0.9', true],
    ["tag.team = 'risk'", true],
    ['message ~ deeper', true],
    ['bump in (major, minor)', true],
    ['not auto', true],
    ['tag.exp', true],
    ['tag. exp', false],
    ['deeper trees', false],
    ['max_depth', false],
    ['', false]
  ])('%s: an expression? %s', (text, is) => expect(isExpression(text)).toBe(is));

  it('asks the server by the right name', () => {
    const filters = { ...NO_FILTERS, search: 'accuracy > 0.9', marked: true, tag: 'exp' };
    expect(queryOf('a.ipynb', 'churn', filters)).toEqual({
      path: 'a.ipynb',
      model: 'churn',
      where: 'accuracy > 0.9',
      marked: true,
      tag: 'exp'
    });
    expect(queryOf('', '', { ...NO_FILTERS, search: ' deeper ' })).toEqual({
      path: '',
      text: 'deeper'
    });
  });
});

describe('a versioned cell', () => {
  it('turns into its comment form and back', () => {
    const magic = '%%version_model churn -m "x # y"\nmodel = 1\n%%version_model no';
    const comment = '# snapbook: version_model churn -m "x # y"\nmodel = 1\n%%version_model no';
    expect(commentForm(magic)).toBe(comment);
    expect(magicForm(comment)).toBe(magic);
    expect(commentForm('%%version_model\nx = 1')).toBe('# snapbook: version_model\nx = 1');
    expect(commentForm('model = 1')).toBeNull();
    expect(magicForm('# snapbook is fine')).toBeNull();
  });
});
