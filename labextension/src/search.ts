/**
 * What is typed into the search box, as questions to the server.
 *
 * A line with a comparison is an expression of `list --where`; any other is words to look for.
 * Pure.
 */
import type { Query } from './types';

/** What narrows the list down. `model` "" is all models, null what this notebook suggests. */
export interface Filters {
  model: string | null;
  search: string;
  marked: boolean;
  tag: string;
  alias: string;
  author: string;
}

export const NO_FILTERS: Filters = {
  model: null,
  search: '',
  marked: false,
  tag: '',
  alias: '',
  author: ''
};

/** A comparison, a field of a group, `in (`, `not …` or parentheses: the grammar of --where. */
const EXPRESSION = /[<>=~]|^\s*(?:tag|metric|param)\.\S|\bin\s*\(|^\s*not\s|^\s*\(/;

/** Whether `text` is an expression and not words. */
export function isExpression(text: string): boolean {
  return EXPRESSION.test(text);
}

/** The question for these filters. `model` is the one in force, "" for all. */
export function queryOf(path: string, model: string, filters: Filters): Query {
  const text = filters.search.trim();
  const query: Query = { path };
  if (model) {
    query.model = model;
  }
  if (text) {
    query[isExpression(text) ? 'where' : 'text'] = text;
  }
  if (filters.marked) {
    query.marked = true;
  }
  for (const name of ['tag', 'alias', 'author'] as const) {
    if (filters[name]) {
      query[name] = filters[name];
    }
  }
  return query;
}

/** Whether anything narrows the list beside the model. */
export function isNarrow(filters: Filters): boolean {
  return (
    filters.search.trim() !== '' ||
    filters.marked ||
    filters.tag !== '' ||
    filters.alias !== '' ||
    filters.author !== ''
  );
}
