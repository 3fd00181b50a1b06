/** What a restore would do: what can be lost first, then what changes, then what else there is. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Moment, Said } from '../common/said';
import { inline, middle } from '../common/text';
import { ageText, sizeText } from '../format';
import { Before, Choice, lost, swaps } from './choice';

/** What the dialog shows. */
export function RestoreView(props: {
  before: Before;
  choice: Choice;
  trans: TranslationBundle;
  onChoose: (choice: Choice) => void;
}): JSX.Element {
  const { before, choice, trans, onChoose } = props;
  const { preview } = before;
  const gone = lost(preview);
  return (
    <>
      {gone.length > 0 && (
        <div className="jp-snapbook-Warning" role="alert">
          {gone.map(one => (
            <p key={one.name}>
              <span aria-hidden="true">⚠ </span>
              <strong>
                <Said text={one.name} longest={80} />
              </strong>{' '}
              <Said text={one.what} longest={80} />
              {one.time && (
                <>
                  , <Fitted time={one.time} trans={trans} />,
                </>
              )}{' '}
              {trans.__('is in no version and would be lost')}
            </p>
          ))}
          <Check checked={choice.keep} onChange={keep => onChoose({ ...choice, keep })}>
            {before.next
              ? trans.__('Snapshot it first as %1', middle(before.next, 60))
              : trans.__('Snapshot it first')}
          </Check>
        </div>
      )}
      <dl className="jp-snapbook-Facts">
        <Change {...props} />
        <div>
          <dt>{trans.__('not touched')}</dt>
          <dd>{untouched(before, choice, trans)}</dd>
        </div>
        {preview.warnings.length > 0 && (
          <div>
            <dt>{trans.__('environment')}</dt>
            <dd>
              {preview.warnings.map((warning, at) => (
                <div key={at}>
                  <Said text={warning} longest={200} />
                </div>
              ))}
            </dd>
          </div>
        )}
      </dl>
      <Also {...props} />
    </>
  );
}

/** "fitted 3 min ago"; the date is in its title. */
function Fitted(props: { time: string; trans: TranslationBundle }): JSX.Element {
  const { time, trans } = props;
  const age = ageText(time, Date.now(), trans);
  const date = new Date(time);
  if (!/^\d/.test(age) || Number.isNaN(date.getTime())) {
    return age === trans.__('now') ? (
      <>{trans.__('fitted just now')}</>
    ) : (
      <>
        {trans.__('fitted')} <Moment time={time} />
      </>
    );
  }
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {trans.__('fitted %1 ago', age)}
    </time>
  );
}

function Change(props: {
  before: Before;
  choice: Choice;
  trans: TranslationBundle;
}): JSX.Element {
  const { before, choice, trans } = props;
  const { preview } = before;
  const kept = new Map(preview.replaced);
  return (
    <div>
      <dt>{trans.__('will change')}</dt>
      <dd>
        {choice.model &&
          swaps(preview).map(swap => (
            <div key={swap.name}>
              <code>
                <Said text={swap.name} longest={60} />
              </code>{' '}
              {swap.old && (
                <>
                  <Said text={swap.old} longest={80} /> <span aria-hidden="true">→</span>
                  <span className="jp-snapbook-sr">{trans.__('to')}</span>{' '}
                </>
              )}
              <Said text={swap.new} longest={160} />{' '}
              {swap.changes.length > 0 && (
                <>
                  (<Said text={swap.changes.join(', ')} longest={300} />)
                </>
              )}
              {swap.same && <span className="jp-snapbook-Quiet">{trans.__('as it is')}</span>}{' '}
              <span className="jp-snapbook-Quiet">
                {kept.get(swap.name) &&
                  trans.__('(now %1)', inline(kept.get(swap.name) ?? '', 80))}
              </span>
            </div>
          ))}
        {choice.data && <div>{trans.__('the frames of the version')}</div>}
        {choice.cells === 'replace' && (
          <div>
            <strong>{trans.__('all cells of this notebook')}</strong>
          </div>
        )}
        {!choice.model && !choice.data && choice.cells !== 'replace' && trans.__('nothing in memory')}
      </dd>
    </div>
  );
}

function untouched(before: Before, choice: Choice, trans: TranslationBundle): string {
  const count = before.preview.untouched;
  const words: string[] = [];
  if (count !== undefined) {
    words.push(trans._n('%1 other variable', '%1 other variables', count));
  } else {
    words.push(trans.__('all other variables'));
  }
  if (choice.cells !== 'replace') {
    words.push(trans.__("the notebook's cells"));
  }
  return words.join(', ');
}

function Also(props: {
  before: Before;
  choice: Choice;
  trans: TranslationBundle;
  onChoose: (choice: Choice) => void;
}): JSX.Element | null {
  const { before, choice, trans, onChoose } = props;
  const { data, cells } = before;
  const group = React.useId();
  if (data === undefined && cells === undefined) {
    return null;
  }
  return (
    <fieldset className="jp-snapbook-Also">
      <legend>{trans.__('also restore')}</legend>
      {data !== undefined && data.frames > 0 && (
        <Check checked={choice.data} onChange={on => onChoose({ ...choice, data: on })}>
          {trans._n('data (%1 frame, %2)', 'data (%1 frames, %2)', data.frames, sizeText(data.bytes))}
        </Check>
      )}
      {cells !== undefined && cells.count > 0 && (
        <>
          <Check
            checked={choice.cells !== null}
            onChange={on => onChoose({ ...choice, cells: on ? 'new' : null })}
          >
            {trans._n('%1 cell', '%1 cells', cells.count)}
          </Check>
          <div className="jp-snapbook-Indented" role="radiogroup" aria-label={trans.__('Where the cells go')}>
            <label className="jp-snapbook-Check">
              <input
                type="radio"
                name={group}
                checked={choice.cells === 'new'}
                disabled={choice.cells === null}
                onChange={() => onChoose({ ...choice, cells: 'new' })}
              />
              <span>
                {trans.__('in a new notebook:')} <Said text={middle(cells.newNotebook, 60)} />{' '}
                <span className="jp-snapbook-Quiet">
                  {trans.__('(another name if that is taken)')}
                </span>
              </span>
            </label>
            {cells.here !== '' && (
              <label className="jp-snapbook-Check">
                <input
                  type="radio"
                  name={group}
                  checked={choice.cells === 'replace'}
                  disabled={choice.cells === null}
                  onChange={() => onChoose({ ...choice, cells: 'replace' })}
                />
                <span>
                  {trans.__('replace the cells here')}{' '}
                  <span className="jp-snapbook-Quiet">
                    {cells.unsaved
                      ? trans.__('(first it is saved, and copied to a file beside it)')
                      : trans.__('(first it is copied to a file beside it)')}
                  </span>
                </span>
              </label>
            )}
          </div>
        </>
      )}
    </fieldset>
  );
}

function Check(props: {
  checked: boolean;
  onChange: (on: boolean) => void;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <label className="jp-snapbook-Check">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={event => props.onChange(event.currentTarget.checked)}
      />
      <span>{props.children}</span>
    </label>
  );
}
