/** The variables that a snapshot may keep, one of them chosen; fitted ones first. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Candidate } from '../types';

export interface CandidatesProps {
  candidates: readonly Candidate[];
  chosen: string;
  trans: TranslationBundle;
  onChoose(variable: string): void;
}

export function Candidates({ candidates, chosen, trans, onChoose }: CandidatesProps): JSX.Element {
  const sorted = [...candidates].sort((a, b) => Number(b.fitted !== false) - Number(a.fitted !== false));
  return (
    <fieldset>
      <legend>{trans.__('Model')}</legend>
      {sorted.length === 0 && (
        <p className="jp-snapbook-quiet">{trans.__('No model in this kernel yet.')}</p>
      )}
      {sorted.map(({ variable, class_name: name, fitted, why }) => (
        <label key={variable} className="jp-snapbook-check">
          <input
            type="radio"
            name="jp-snapbook-candidate"
            checked={variable === chosen}
            disabled={fitted === false}
            onChange={() => onChoose(variable)}
          />
          <span className="jp-snapbook-said" title={`${variable} ${name}`}>
            <b>{variable}</b> {name} {why !== '' && `(${why})`}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
