/**
 * A request of the panel as words of a verb. Pure.
 */
import type { SnapshotRequest } from './panel/acts';

/** The words after `save`. What is empty is left to the kernel. */
export function saveWords(request: Partial<SnapshotRequest>): string[] {
  const words: string[] = [];
  const add = (option: string, value: string | undefined): void => {
    const text = (value ?? '').trim();
    if (text !== '') {
      // With its value as one word, so that one that begins with a dash stays a value.
      words.push(`${option}=${text}`);
    }
  };
  if (request.name?.trim()) {
    words.push(request.name.trim());
  }
  add('--model', request.variable);
  add('--message', request.message);
  add('--number', request.number);
  if (!request.number) {
    add('--bump', request.bump);
  }
  if (request.data !== undefined && request.data !== null) {
    words.push('--data', 'none', ...request.data);
  }
  if (request.rows === 'always') {
    words.push('--store');
  } else if (request.rows === 'never') {
    words.push('--no-store');
  }
  for (const tag of request.tags ?? []) {
    add('--tag', tag);
  }
  const files = (request.attach ?? []).map(file => file.trim()).filter(file => file !== '');
  if (files.length > 0) {
    words.push('--attach', ...files);
  }
  return words;
}

/** Words between commas or white space: tags as they are typed. */
export function split(text: string): string[] {
  return text.split(/[\s,]+/).filter(word => word !== '');
}
