/**
 * What the reader may do about a version, and only that: each button says what it will do. A
 * rejection needs a reason, a rollback a second look.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { inline } from '../common/text';
import type { Reviewed } from './types';
import { backTo, numberText } from './words';

export type Act = 'request' | 'approve' | 'reject' | 'promote' | 'rollback';

interface DecidingProps {
  told: Reviewed;
  busy: boolean;
  trans: TranslationBundle;
  onAct(act: Act, text: string): void;
}

/** The reason, and the buttons. */
export function Deciding(props: DecidingProps): JSX.Element | null {
  const { told, busy, trans, onAct } = props;
  const { review } = told;
  const { may } = review;
  const [text, setText] = React.useState('');
  const [lacking, setLacking] = React.useState(false);
  const field = React.useRef<HTMLTextAreaElement>(null);
  const id = React.useId();
  const key = `${review.candidate?.manifest ?? ''} ${review.said.length} ${review.history.length}`;
  React.useEffect(() => {
    setText('');
    setLacking(false);
  }, [key]);
  const ref = inline(review.candidate?.ref ?? '', 140);
  const alias = inline(review.alias, 60);
  const missing = review.missing.length > 0;
  const any = may.request || may.approve || may.reject || may.promote;
  const act = (what: Act) => (): void => {
    if (what === 'reject' && text.trim() === '') {
      setLacking(true);
      field.current?.focus();
      return;
    }
    onAct(what, text.trim());
  };
  return (
    <section aria-label={trans.__('Decide')}>
      {missing && (
        <p className="jp-snapbook-Review-missing">
          {trans.__('Not yet: %1', inline(review.missing.join('; '), 1000))}
        </p>
      )}
      {may.why !== '' && <p>{inline(may.why, 300)}</p>}
      {any && (
        <>
          <label className="jp-snapbook-Review-reason" htmlFor={id}>
            {trans.__('Reason')}
          </label>
          <textarea
            id={id}
            ref={field}
            data-lm-suppress-shortcuts="true"
            rows={2}
            maxLength={10_000}
            value={text}
            aria-invalid={lacking}
            aria-describedby={lacking ? `${id}-lacking` : undefined}
            onChange={event => setText(event.currentTarget.value)}
          />
          {lacking && (
            <p id={`${id}-lacking`} role="alert">
              {trans.__('A rejection needs a reason.')}
            </p>
          )}
          <div className="jp-snapbook-Review-acts" role="group" aria-label={trans.__('Acts')}>
            {may.promote && !missing && (
              <Button primary busy={busy} onClick={act('promote')}>
                {trans.__('Promote %1 to %2', ref, alias)}
              </Button>
            )}
            {may.approve && (
              <Button primary={missing || !may.promote} busy={busy} onClick={act('approve')}>
                {trans.__('Approve %1 for %2', ref, alias)}
              </Button>
            )}
            {may.request && (
              <Button busy={busy} onClick={act('request')}>
                {trans.__('Ask for %1 in %2', ref, alias)}
              </Button>
            )}
            {may.reject && (
              <Button busy={busy} onClick={act('reject')}>
                {trans.__('Reject %1 for %2', ref, alias)}
              </Button>
            )}
          </div>
        </>
      )}
    </section>
  );
}

/** The way back: named by where it leads, and asked once more. */
export function RollBack(props: DecidingProps): JSX.Element | null {
  const { told, busy, trans, onAct } = props;
  const { review } = told;
  const { may } = review;
  const [asking, setAsking] = React.useState(false);
  const sure = React.useRef<HTMLButtonElement>(null);
  const back = backTo(review);
  const live = review.live?.manifest;
  React.useEffect(() => setAsking(false), [live]);
  React.useEffect(() => {
    if (asking) {
      sure.current?.focus();
    }
  }, [asking]);
  if (!may.rollback || back === null) {
    return null;
  }
  const to = numberText(back.ref, trans);
  const from = numberText(review.live?.ref, trans);
  const alias = inline(review.alias, 60);
  return (
    <section aria-label={trans.__('Roll back')} className="jp-snapbook-Review-acts">
      {!asking ? (
        <Button busy={busy} onClick={() => setAsking(true)}>
          {trans.__('Roll back to %1…', to)}
        </Button>
      ) : (
        <div
          role="group"
          aria-label={trans.__('Roll back %1?', alias)}
          onKeyDown={event => {
            if (event.key === 'Escape') {
              event.stopPropagation();
              setAsking(false);
            }
          }}
        >
          <p>{trans.__('%1 goes from %2 back to %3 at once.', alias, from, to)}</p>
          <button
            type="button"
            ref={sure}
            className="jp-snapbook-Button jp-mod-primary"
            aria-disabled={busy}
            onClick={() => !busy && onAct('rollback', '')}
          >
            {trans.__('Roll back %1 to %2', alias, to)}
          </button>{' '}
          <Button busy={false} onClick={() => setAsking(false)}>
            {trans.__('Cancel')}
          </Button>
        </div>
      )}
    </section>
  );
}

/** A button that keeps the keyboard while it is busy. */
function Button(props: {
  primary?: boolean;
  busy: boolean;
  onClick(): void;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <button
      type="button"
      className={`jp-snapbook-Button${props.primary ? ' jp-mod-primary' : ''}`}
      aria-disabled={props.busy}
      onClick={() => !props.busy && props.onClick()}
    >
      {props.children}
    </button>
  );
}
