/** The versions that protected aliases point at, above the list: production is the baseline. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { numberText, valueText } from '../format';
import type { Row } from '../types';

export interface PinsProps {
  rows: readonly Row[];
  trans: TranslationBundle;
  onOpen(ref: string): void;
  onSelect(ref: string): void;
}

export function Pins({ rows, trans, onOpen, onSelect }: PinsProps): JSX.Element | null {
  if (rows.length === 0) {
    return null;
  }
  return (
    <ul className="jp-snapbook-pins" aria-label={trans.__('Pinned versions')}>
      {rows.map(row => {
        const metric = row.metrics[row.main];
        return (
          <li key={row.alias ?? row.ref}>
            <button
              type="button"
              className="jp-snapbook-pin"
              data-ref={row.ref}
              title={row.ref}
              onClick={() => onSelect(row.ref)}
              onDoubleClick={() => onOpen(row.ref)}
            >
              <span aria-hidden="true">◆</span>
              <span className="jp-snapbook-said">{row.alias}</span>
              <span className="jp-snapbook-number">{numberText(row.number)}</span>
              <span className="jp-snapbook-value">
                {metric === undefined ? '' : valueText(metric.value)}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
