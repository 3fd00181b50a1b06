/** Small pieces that every page shows: text of others, dates, code, errors. Functions of props. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Failure } from './source';
import { block, inline, isShortened } from './text';

/** A name or sentence that somebody wrote: on one line, isolated from what stands around it. */
export function Said(props: { text: string; longest?: number; className?: string }): JSX.Element {
  const { text, longest = 160 } = props;
  const more = isShortened(text, longest) ? inline(text, 2000) : undefined;
  return (
    <bdi className={`jp-snapbook-Said ${props.className ?? ''}`} title={more}>
      {inline(text, longest)}
    </bdi>
  );
}

/** Lines of code or output, as they are. */
export function Lines(props: { text: string; label?: string }): JSX.Element {
  return (
    <pre className="jp-snapbook-Lines" dir="ltr" aria-label={props.label}>
      {block(props.text)}
    </pre>
  );
}

/** A moment: short in the page, in full in its title. */
export function Moment(props: { time: string }): JSX.Element {
  const date = new Date(props.time);
  if (Number.isNaN(date.getTime())) {
    return <Said text={props.time} longest={40} />;
  }
  const short = date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  const full = date.toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'long' });
  return (
    <time dateTime={date.toISOString()} title={full}>
      {short}
    </time>
  );
}

/** Why something is not shown, and what to do. */
export function Trouble(props: {
  failure: Failure;
  trans: TranslationBundle;
  onAgain?: () => void;
}): JSX.Element {
  const { failure, trans, onAgain } = props;
  return (
    <div role="alert" className="jp-snapbook-Trouble">
      <span>{inline(failure.message, 600)}</span>
      {onAgain && (
        <button type="button" className="jp-snapbook-Button" onClick={onAgain}>
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}

/** Better or worse, in words beside the sign. */
export function Judgement(props: {
  better: boolean | null;
  trans: TranslationBundle;
}): JSX.Element | null {
  if (props.better === null) {
    return null;
  }
  return props.better ? (
    <span className="jp-snapbook-Better">{props.trans.__('better')}</span>
  ) : (
    <span className="jp-snapbook-Worse">{props.trans.__('worse')}</span>
  );
}

/** A digest in short, with a button that copies it whole. */
export function Digest(props: {
  digest: string;
  trans: TranslationBundle;
  onCopy: (text: string) => void;
}): JSX.Element {
  const short = inline(props.digest, 8).replace('…', '');
  return (
    <span className="jp-snapbook-Digest">
      <code title={inline(props.digest, 100)}>#{short}</code>
      <button
        type="button"
        className="jp-snapbook-Link"
        aria-label={props.trans.__('Copy digest %1', short)}
        onClick={() => props.onCopy(props.digest)}
      >
        {props.trans.__('copy')}
      </button>
    </span>
  );
}
