/** On what it was made: each frame with its shape, role and whether its rows are kept; columns. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { More } from '../common/more';
import { Digest, Said } from '../common/said';
import { Disclosure } from '../common/section';
import {
  asList,
  asNumber,
  asObject,
  asText,
  nameText,
  numberText,
  shapeText
} from '../common/values';
import { countText } from '../format';
import { inline } from '../common/text';
import type { JsonObject, Part } from '../types';
import { Bars, BarWords } from './bars';

/** Columns whose pictures stand beside the frame's name. */
const GLANCE = 6;
/** Columns listed at once. */
const LISTED = 100;

/** All frames of a version. */
export function Data(props: {
  frames: readonly Part[];
  trans: TranslationBundle;
  onCopy: (text: string) => void;
}): JSX.Element {
  if (props.frames.length === 0) {
    return <p className="jp-snapbook-Quiet">{props.trans.__('No data were kept.')}</p>;
  }
  return (
    <ul className="jp-snapbook-Frames">
      {props.frames.map(part => (
        <li key={part.name} id={frameId(part.name)} tabIndex={-1}>
          <Frame part={part} trans={props.trans} onCopy={props.onCopy} />
        </li>
      ))}
    </ul>
  );
}

/** The element of a frame, for the lineage picture to go to. */
export function frameId(name: string): string {
  return `jp-snapbook-frame-${encodeURIComponent(name)}`;
}

function Frame(props: {
  part: Part;
  trans: TranslationBundle;
  onCopy: (text: string) => void;
}): JSX.Element {
  const { part, trans, onCopy } = props;
  const { facts } = part;
  const columns = asList(facts['columns']).map(asObject);
  const digest = asText(facts['digest']);
  return (
    <>
      <div className="jp-snapbook-FrameLine">
        <strong>
          <Said text={part.name} longest={80} />
        </strong>
        <span>{shapeText(facts['shape'])}</span>
        {asText(facts['role']) && <Said text={asText(facts['role'])} longest={30} />}
        <span>{facts['stored'] === true ? trans.__('rows stored') : trans.__('hash only')}</span>
        {digest ? (
          <Digest digest={digest} trans={trans} onCopy={onCopy} />
        ) : (
          <span>{trans.__('not hashed')}</span>
        )}
        <span className="jp-snapbook-Quiet">
          <Said text={asText(facts['type'])} longest={60} />
        </span>
      </div>
      <div className="jp-snapbook-Glance" aria-hidden="true">
        {columns.slice(0, GLANCE).map((column, at) => (
          <Bars
            key={at}
            name={nameText(column['name'])}
            profile={asObject(column['profile'])}
            trans={trans}
          />
        ))}
      </div>
      {columns.length > 0 && (
        <Disclosure
          label={trans._n('%1 column', '%1 columns', columns.length)}
          name={trans.__('Columns of %1', inline(part.name, 80))}
        >
          {() => <Columns columns={columns} name={part.name} trans={trans} />}
        </Disclosure>
      )}
    </>
  );
}

function Columns(props: {
  columns: readonly JsonObject[];
  name: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { columns, name, trans } = props;
  const [shown, setShown] = React.useState(LISTED);
  return (
    <div
      className="jp-snapbook-Scroll"
      tabIndex={0}
      role="region"
      aria-label={trans.__('Columns of %1', inline(name, 80))}
    >
      <table className="jp-snapbook-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Column')}</th>
            <th scope="col">{trans.__('Type')}</th>
            <th scope="col">{trans.__('Values')}</th>
            <th scope="col">{trans.__('In words')}</th>
            <th scope="col">{trans.__('Mean')}</th>
          </tr>
        </thead>
        <tbody>
          {columns.slice(0, shown).map((column, at) => (
            <Column key={at} column={column} trans={trans} />
          ))}
        </tbody>
      </table>
      {shown < columns.length && (
        <More onMore={() => setShown(shown + 5 * LISTED)}>
          {trans.__('%1 more columns', countText(columns.length - shown))}
        </More>
      )}
    </div>
  );
}

function Column(props: { column: JsonObject; trans: TranslationBundle }): JSX.Element {
  const { column, trans } = props;
  const profile = asObject(column['profile']);
  const known = Object.keys(profile).length > 0;
  const mean = asText(profile['kind']) === 'numeric' ? asNumber(profile['mean']) : null;
  return (
    <tr>
      <th scope="row">
        <Said text={nameText(column['name'])} longest={60} />
      </th>
      <td>
        <Said text={asText(column['dtype'])} longest={40} />
      </td>
      <td>{known && <Bars profile={profile} trans={trans} />}</td>
      <td>{known ? <BarWords profile={profile} trans={trans} /> : trans.__('not looked at')}</td>
      <td className="jp-snapbook-Number">{mean === null ? '' : numberText(mean)}</td>
    </tr>
  );
}
