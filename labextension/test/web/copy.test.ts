// @vitest-environment jsdom
import { expect, it } from 'vitest';
import { copy } from '../../src/web/copy';

it('copies without a clipboard of its own, and gives the keyboard back', async () => {
  const button = document.createElement('button');
  document.body.append(button);
  button.focus();
  let copied = '';
  document.execCommand = () => {
    copied = (document.activeElement as HTMLTextAreaElement).value;
    return true;
  };
  await copy('churn:1.4.0');
  expect(copied).toBe('churn:1.4.0');
  expect(document.activeElement).toBe(button);
  expect(document.querySelector('textarea')).toBeNull();
});
