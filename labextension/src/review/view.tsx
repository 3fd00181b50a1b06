/**
 * A version before it takes an alias: what is live, what differs, what gates and people say, and the
 * acts that the reader may do, each named by what it will do. Functions of props.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Moment, Said, Trouble } from '../common/said';
import { Disclosure } from '../common/section';
import type { Failure } from '../common/source';
import { inline } from '../common/text';
import { metricText } from '../common/values';
import { deltaAgainst } from '../panel/row';
import { DeltaText } from './delta';
import { Deciding, RollBack, type Act } from './deciding';
import { StayLine } from './stay';
import type { Judged, Opinion, Review, Reviewed } from './types';
import { approvals, columns, gatesText, numberText, sorted } from './words';

export interface ReviewProps {
  told: Reviewed;
  /** An act is under way. */
  busy: boolean;
  /** Why the last act was not done. */
  failure: Failure | null;
  /** What the last act did, "" for nothing. */
  done: string;
  trans: TranslationBundle;
  onAct(act: Act, text: string): void;
  onOpen(ref: string): void;
  onDiff(old: string, now: string): void;
}

/** The whole of it. */
export function ReviewView(props: ReviewProps): JSX.Element {
  const { told, trans, failure, done } = props;
  const { review } = told;
  const { live, candidate } = review;
  return (
    <div className="jp-snapbook-Review">
      <header className="jp-snapbook-Review-head">
        <h1>
          {candidate
            ? trans.__('Promote %1 to %2', inline(candidate.ref, 140), inline(review.alias, 60))
            : trans.__('%1 of %2', inline(review.alias, 60), inline(review.model, 140))}
        </h1>
        <Live review={review} trans={trans} onOpen={props.onOpen} />
      </header>
      {done !== '' && (
        <p role="status" className="jp-snapbook-Review-done">
          {inline(done, 400)}
        </p>
      )}
      {failure !== null && <Trouble failure={failure} trans={trans} />}
      {candidate === null ? (
        <p>
          {live
            ? trans.__('The newest version is live; nothing is asked for.')
            : trans.__('Nothing is live and nothing is asked for.')}
        </p>
      ) : (
        <>
          <Beside {...props} />
          <Gates review={review} trans={trans} />
          <Changes {...props} />
          <Opinions review={review} trans={trans} />
          <Deciding {...props} />
        </>
      )}
      <History review={review} trans={trans} onOpen={props.onOpen} />
      <RollBack {...props} />
    </div>
  );
}

function Live(props: {
  review: Review;
  trans: TranslationBundle;
  onOpen(ref: string): void;
}): JSX.Element {
  const { review, trans, onOpen } = props;
  const { live, history } = review;
  if (live === null) {
    return <p className="jp-snapbook-Quiet">{trans.__('now live: nothing')}</p>;
  }
  return (
    <p>
      {trans.__('now live:')}{' '}
      <button type="button" className="jp-snapbook-Link" onClick={() => onOpen(live.ref)}>
        <Said text={live.ref} longest={100} />
      </button>
      {history[0] && (
        <>
          {' '}
          {trans.__('since')} <Moment time={history[0].since} />
        </>
      )}
    </p>
  );
}

/** Metrics side by side; differences are told against what is live. */
function Beside(props: ReviewProps): JSX.Element {
  const { told, trans, onOpen } = props;
  const found = columns(told.review, told.rows, trans);
  const names = [...new Set(found.flatMap(({ row }) => Object.keys(row.metrics)))];
  const base = told.review.live && found[0] ? found[0].row : null;
  return (
    <div className="jp-snapbook-Scroll" tabIndex={0} role="region" aria-label={trans.__('Side by side')}>
      <table className="jp-snapbook-Table jp-snapbook-Review-table">
        <thead>
          <tr>
            <th scope="col">
              <span className="jp-snapbook-sr">{trans.__('Metric')}</span>
            </th>
            {found.map(({ title, row }) => (
              <th scope="col" key={row.n}>
                <span className="jp-snapbook-Quiet">{inline(title, 60)}</span>{' '}
                <button type="button" className="jp-snapbook-Link" onClick={() => onOpen(row.ref)}>
                  {numberText(row.ref, trans)}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map(name => (
            <tr key={name}>
              <th scope="row">
                <Said text={name} longest={60} />
              </th>
              {found.map(({ row }) => (
                <td key={row.n} className="jp-snapbook-Number">
                  {row.metrics[name] ? inline(metricText(row.metrics[name].value), 40) : '–'}
                  {base !== null && base !== row && (
                    <DeltaText
                      delta={deltaAgainst({ ...row, main: name }, base)}
                      trans={trans}
                    />
                  )}
                </td>
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">{trans.__('made by')}</th>
            {found.map(({ row }) => (
              <td key={row.n}>
                <Said text={row.author} longest={60} /> <Moment time={row.time} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">{trans.__('says')}</th>
            {found.map(({ row }) => (
              <td key={row.n}>
                <Said text={row.message || row.reason} longest={120} />
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </div>
  );
}

function Gates(props: { review: Review; trans: TranslationBundle }): JSX.Element {
  const { review, trans } = props;
  const { judged, policy } = review;
  const { open, passed } = sorted(judged);
  return (
    <section aria-label={trans.__('Gates')}>
      <h2>{judged.length === 0
          ? trans.__('No gates')
          : trans.__('Gates: %1', gatesText(judged, trans))}</h2>
      <p className="jp-snapbook-Quiet">
        {policy === 0
          ? trans.__('The default policy decides: nobody has set another one for this model.')
          : trans.__('Policy %1 of the model decides.', policy)}
      </p>
      <ul className="jp-snapbook-Plain">
        {open.map((one, at) => (
          <GateLine key={at} judged={one} trans={trans} />
        ))}
      </ul>
      {passed.length > 0 && (
        <Disclosure label={trans._n('%1 passed', '%1 passed', passed.length)}>
          {() => (
            <ul className="jp-snapbook-Plain">
              {passed.map((one, at) => (
                <GateLine key={at} judged={one} trans={trans} />
              ))}
            </ul>
          )}
        </Disclosure>
      )}
    </section>
  );
}

function GateLine(props: { judged: Judged; trans: TranslationBundle }): JSX.Element {
  const { judged, trans } = props;
  const { verdict, refuses } = judged;
  const sign = verdict.passed ? '✓' : refuses ? '✗' : '!';
  const word = verdict.passed
    ? trans.__('passed')
    : refuses
      ? trans.__('not passed')
      : trans.__('not passed, warns');
  return (
    <li className={verdict.passed ? 'jp-mod-passed' : refuses ? 'jp-mod-failed' : 'jp-mod-warns'}>
      <span aria-hidden="true" className="jp-snapbook-Sign">
        {sign}
      </span>
      <span className="jp-snapbook-sr">{word}: </span>
      <strong>
        <Said text={verdict.name} longest={60} />
      </strong>{' '}
      <Said text={verdict.reason} longest={400} />
    </li>
  );
}

function Changes(props: ReviewProps): JSX.Element | null {
  const { told, trans, onDiff } = props;
  const { live, candidate, changes } = told.review;
  if (live === null || candidate === null) {
    return null;
  }
  return (
    <section aria-label={trans.__('Changes')}>
      <h2>{trans.__('Changed since %1', numberText(live.ref, trans))}</h2>
      <ul className="jp-snapbook-Plain">
        {changes.map((line, at) => (
          <li key={at}>
            <Said text={line} longest={300} />
          </li>
        ))}
        {changes.length === 0 && <li>{trans.__('nothing that is compared')}</li>}
      </ul>
      <button
        type="button"
        className="jp-snapbook-Link"
        onClick={() => onDiff(live.ref, candidate.ref)}
      >
        {trans.__('full diff')}
      </button>
    </section>
  );
}

function Opinions(props: { review: Review; trans: TranslationBundle }): JSX.Element {
  const { review, trans } = props;
  const count = approvals(review.said);
  return (
    <section aria-label={trans.__('Approvals')}>
      <h2>
        {review.needed > 0
          ? trans.__('Approvals: %1 of %2', count, review.needed)
          : trans.__('Approvals: %1, none needed', count)}
      </h2>
      <ul className="jp-snapbook-Plain">
        {review.said.map((one, at) => (
          <li key={at}>
            <OpinionLine said={one} trans={trans} />
          </li>
        ))}
        {review.said.length === 0 && (
          <li className="jp-snapbook-Quiet">{trans.__('Nobody has said anything yet.')}</li>
        )}
      </ul>
    </section>
  );
}

function OpinionLine(props: { said: Opinion; trans: TranslationBundle }): JSX.Element {
  const { said, trans } = props;
  const [sign, word] =
    said.word === 'approve'
      ? ['✓', trans.__('approves')]
      : said.word === 'reject'
        ? ['✗', trans.__('rejects')]
        : ['?', trans.__('asks for it')];
  return (
    <>
      <span aria-hidden="true" className="jp-snapbook-Sign">
        {sign}
      </span>
      <Said text={said.author} longest={60} /> {word} <Moment time={said.time} />
      {said.text && (
        <>
          {': '}
          <Said text={said.text} longest={1000} />
        </>
      )}
      {said.counts && (
        <span className="jp-snapbook-Quiet">
          {' '}
          {trans.__('(does not count: %1)', inline(said.counts, 100))}
        </span>
      )}
    </>
  );
}

function History(props: {
  review: Review;
  trans: TranslationBundle;
  onOpen(ref: string): void;
}): JSX.Element {
  const { review, trans, onOpen } = props;
  return (
    <section aria-label={trans.__('What was live')}>
      <h2>{trans.__('What was live')}</h2>
      {review.history.length === 0 ? (
        <p className="jp-snapbook-Quiet">{trans.__('Nothing yet.')}</p>
      ) : (
        <ol className="jp-snapbook-Plain">
          {review.history.map((stay, at) => (
            <li key={at}>
              <StayLine stay={stay} trans={trans} onOpen={onOpen} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
