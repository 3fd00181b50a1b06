/** The rules of a rollout beside each other: stable, candidate, and where it is taken back. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { inline } from '../common/text';
import type { Held } from './types';
import { figureText, limitText, metricText, shortRef, unknownText } from './words';

export function Rules(props: {
  rules: readonly Held[];
  stable: string;
  candidate: string;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { rules, stable, candidate, trans } = props;
  if (rules.length === 0) {
    return null;
  }
  return (
    <table className="jp-snapbook-Rules" aria-label={trans.__('Rules that take it back')}>
      <thead>
        <tr>
          <th scope="col">
            <span className="jp-snapbook-sr">{trans.__('Rule')}</span>
          </th>
          <th scope="col">{shortRef(stable)}</th>
          <th scope="col">{shortRef(candidate)}</th>
          <th scope="col">{trans.__('abort at')}</th>
        </tr>
      </thead>
      <tbody>
        {rules.map((rule, at) => (
          <Rule key={at} rule={rule} trans={trans} />
        ))}
      </tbody>
    </table>
  );
}

/** What is not known says why, in the place of the candidate's figure; it is never a number. */
function Rule({ rule, trans }: { rule: Held; trans: TranslationBundle }): JSX.Element {
  const { metric, state, stable, candidate } = rule;
  const figure = (value: number | null): string => figureText(metric, value);
  const known = state !== 'n/a' && candidate !== null;
  return (
    <tr className={state === 'fires' ? 'jp-mod-fires' : undefined}>
      <th scope="row" title={inline(rule.text, 300)}>
        {state === 'fires' && (
          <>
            <span aria-hidden="true" className="jp-snapbook-Sign">
              ✗
            </span>
            <span className="jp-snapbook-sr">{trans.__('fires:')} </span>
          </>
        )}
        {metricText(rule, trans)}
      </th>
      {known ? (
        <>
          <td>{figure(stable)}</td>
          <td>{figure(candidate)}</td>
        </>
      ) : stable === null ? (
        <td colSpan={2} className="jp-snapbook-Rules-why">
          {unknownText(rule, trans)}
        </td>
      ) : (
        <>
          <td>{figure(stable)}</td>
          <td className="jp-snapbook-Rules-why">{unknownText(rule, trans)}</td>
        </>
      )}
      <td className={rule.limit === null ? 'jp-snapbook-Rules-word' : undefined}>{limitText(rule)}</td>
    </tr>
  );
}
