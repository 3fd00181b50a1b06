import { describe, expect, it } from 'vitest';

import { block, inline, middle, shortened } from '../../src/common/text';
import { apart, deltaText, numberText, shapeText, valueText } from '../../src/common/values';

describe('text of others', () => {
  it('loses its middle where the end tells it apart', () => {
    expect(middle('churn:0.1.0', 40)).toBe('churn:0.1.0');
    const long = middle(`M${'w'.repeat(127)}:0.12.3`, 60);
    expect(long).toMatch(/^Mw+…w+:0\.12\.3$/);
    expect(long.length).toBeLessThanOrEqual(61);
    expect(middle('\u{1F600}'.repeat(80) + '\u202e', 40)).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])|\u202e/);
  });

  it('shows what reorders, hides or forges lines as a replacement', () => {
    expect(inline('a\u202eb')).toBe('a\ufffdb');
    expect(inline('a\u0000\u0007\u009bb')).toBe('a\ufffd\ufffd\ufffdb');
    expect(inline('a\u2028b\ud800')).toBe('a\ufffdb\ufffd');
    expect(inline('a\nb\tc')).toBe('a\u2424b    c');
  });

  it('keeps joiners, marks and other scripts', () => {
    const family = '\u{1F468}\u200d\u{1F469}';
    expect(inline(family)).toBe(family);
    expect(inline('می\u200cخواهم')).toBe('می\u200cخواهم');
  });

  it('keeps lines in blocks and no carriage returns', () => {
    expect(block('a\r\nb\rc\u001b[31m')).toBe('a\nb\nc\ufffd[31m');
  });

  it('shortens without halves of characters', () => {
    expect(shortened('ab\u{1F600}', 3)).toBe('ab');
    expect(inline('x'.repeat(1000), 10)).toBe('xxxxxxxxxx…');
  });
});

describe('numbers', () => {
  it('says them as the command line does', () => {
    expect(numberText(0.9510489)).toBe('0.951');
    expect(numberText(1904)).toBe('1,904');
    expect(numberText(1234567.8)).toBe('1,234,568');
    expect(numberText(1e-7)).toBe('1.00e-07');
    expect(deltaText(0.0090001)).toBe('+0.009');
    expect(deltaText(-0.5)).toBe('\u22120.500');
    expect(deltaText(0)).toBe('\u00b10');
  });

  it('uses the digits that tell two apart', () => {
    expect(apart(0.95, 0.96)).toEqual(['0.950', '0.960']);
    const [a, b] = apart(0.95000001, 0.95000002);
    expect(a).not.toBe(b);
  });

  it('writes parameters as Python does', () => {
    expect([null, true, 2, 0.5, 'sqrt', [1, null]].map(valueText)).toEqual([
      'None',
      'True',
      '2',
      '0.5',
      'sqrt',
      '[1, None]'
    ]);
    expect(shapeText([1965, 79])).toBe('1,965\u00d779');
    expect(shapeText(['<b>', 2])).toBe('');
  });
});
