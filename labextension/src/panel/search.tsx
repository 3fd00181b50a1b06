/** The search line: an expression or words, all or marked, and filters by tag, alias and author. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Select } from '../common/surroundings';
import type { Filters } from '../search';
import type { Row } from '../types';

export interface SearchProps {
  filters: Filters;
  rows: readonly Row[];
  trans: TranslationBundle;
  onFilters(changes: Partial<Filters>): void;
  /** Arrow down goes to the list. */
  onLeave(): void;
}

/** Typing asks the server this long after the last key. */
const CALM_MS = 250;

export function Search(props: SearchProps): JSX.Element {
  const { filters, trans, onFilters } = props;
  const [text, setText] = React.useState(filters.search);
  const [open, setOpen] = React.useState(false);
  React.useEffect(() => setText(filters.search), [filters.search]);
  React.useEffect(() => {
    if (text === filters.search) {
      return undefined;
    }
    const timer = window.setTimeout(() => onFilters({ search: text }), CALM_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  const narrowed = filters.tag !== '' || filters.alias !== '' || filters.author !== '';
  return (
    <div className="jp-snapbook-search" role="search">
      <div className="jp-snapbook-searchline">
        <input
          type="search"
          className="jp-snapbook-input"
          value={text}
          aria-label={trans.__('Search versions')}
          placeholder={trans.__('/ accuracy > 0.9')}
          title={trans.__(
            'An expression as in list --where (accuracy > 0.9 and tag.team = \'risk\'), or words of messages and notes'
          )}
          onChange={event => setText(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              onFilters({ search: text });
            } else if (event.key === 'ArrowDown') {
              event.preventDefault();
              props.onLeave();
            } else if (event.key === 'Escape') {
              event.stopPropagation();
              if (text === '') {
                props.onLeave();
              } else {
                setText('');
                onFilters({ search: '' });
              }
            }
          }}
        />
        <button
          type="button"
          className="jp-snapbook-toggle"
          aria-pressed={filters.marked}
          title={trans.__('Only versions with a message, a tag or an alias, or that are pushed')}
          onClick={() => onFilters({ marked: !filters.marked })}
        >
          {trans.__('Marked')}
        </button>
        <button
          type="button"
          className="jp-snapbook-toggle"
          aria-expanded={open || narrowed}
          aria-label={trans.__('Filter by tag, alias or author')}
          title={trans.__('Filter by tag, alias or author')}
          onClick={() => setOpen(!open)}
        >
          <span aria-hidden="true">▾</span>
        </button>
      </div>
      {(open || narrowed) && (
        <div className="jp-snapbook-filters">
          {choice('tag', trans.__('Tag'), tagsOf(props.rows), props)}
          {choice('alias', trans.__('Alias'), unique(props.rows.flatMap(row => row.aliases)), props)}
          {choice('author', trans.__('Author'), unique(props.rows.map(row => row.author)), props)}
        </div>
      )}
    </div>
  );
}

function choice(
  name: 'tag' | 'alias' | 'author',
  label: string,
  values: readonly string[],
  { filters, onFilters, trans }: SearchProps
): JSX.Element {
  const chosen = filters[name];
  const shown = chosen === '' || values.includes(chosen) ? values : [chosen, ...values];
  return (
    <Select
      key={name}
      aria-label={label}
      value={chosen}
      onChange={event => onFilters({ [name]: event.currentTarget.value })}
    >
      <option value="">{trans.__('%1: any', label)}</option>
      {shown.map(value => (
        <option key={value} value={value}>
          {value}
        </option>
      ))}
    </Select>
  );
}

function tagsOf(rows: readonly Row[]): string[] {
  return unique(rows.flatMap(row => Object.keys(row.tags)));
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)].filter(word => word !== '').sort().slice(0, 200);
}
