/**
 * What can be done with a deployment: acts that can be taken back by a click, and the way back, which
 * always names where it leads and asks once more.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { inline } from '../common/text';
import type { Act } from './model';
import type { Deployed } from './types';
import { isUnderWay, shortRef } from './words';

export interface ActsProps {
  told: Deployed;
  busy: boolean;
  /** Whether there is such a verb, and the reader may. */
  can(verb: Act['verb']): boolean;
  trans: TranslationBundle;
  onAct(act: Act): void;
}

export function Acts(props: ActsProps): JSX.Element {
  const { told, busy, can, trans, onAct } = props;
  const { rollout } = told;
  const moving = isUnderWay(rollout) ? rollout : null;
  return (
    <>
      {moving !== null && (
        <div
          className="jp-snapbook-Production-acts"
          role="group"
          aria-label={trans.__('Acts on the rollout')}
        >
          {moving.state === 'running' && moving.next_s !== null && can('pause') && (
            <Button busy={busy} onClick={() => onAct({ verb: 'pause', options: {} })}>
              {trans.__('Pause')}
            </Button>
          )}
          {moving.state === 'paused' && can('resume') && (
            <Button busy={busy} onClick={() => onAct({ verb: 'resume', options: {} })}>
              {trans.__('Resume')}
            </Button>
          )}
          {can('resume') && (
            <Button busy={busy} onClick={() => onAct({ verb: 'resume', options: { next: true } })}>
              {moving.step < moving.of
                ? trans.__('Next step now')
                : trans.__('%1 to %2 now', shortRef(moving.candidate.ref), inline(told.alias, 60))}
            </Button>
          )}
        </div>
      )}
      {told.back !== null && can('rollback') && <RollBack {...props} back={told.back.ref} />}
    </>
  );
}

/** The way back. Its question stands below it and has the keyboard: Enter does it, Escape leaves. */
function RollBack(props: ActsProps & { back: string }): JSX.Element {
  const { told, back, busy, trans, onAct } = props;
  const [asking, setAsking] = React.useState(false);
  const opener = React.useRef<HTMLButtonElement>(null);
  const sure = React.useRef<HTMLButtonElement>(null);
  const id = React.useId();
  const { rollout, live } = told;
  // Where it would lead is another matter then, and is asked anew.
  const subject = `${back} ${live?.manifest ?? ''} ${rollout?.n ?? 0} ${rollout?.state ?? ''}`;
  React.useEffect(() => setAsking(false), [subject]);
  React.useEffect(() => {
    if (asking) {
      sure.current?.focus({ preventScroll: true });
      sure.current?.parentElement?.scrollIntoView?.({ block: 'nearest' });
    }
  }, [asking]);
  const leave = (): void => {
    setAsking(false);
    opener.current?.focus();
  };
  const to = shortRef(back);
  const from = shortRef((isUnderWay(rollout) ? rollout.candidate : live)?.ref ?? '');
  return (
    <div className="jp-snapbook-Production-back">
      <Button
        innerRef={opener}
        busy={busy}
        expanded={asking}
        controls={id}
        onClick={() => setAsking(!asking)}
      >
        {trans.__('Roll back to %1', to)}
      </Button>
      {asking && (
        <div
          id={id}
          role="dialog"
          aria-label={trans.__('Roll back to %1?', to)}
          aria-describedby={`${id}-what`}
          className="jp-snapbook-Production-sure"
          data-lm-suppress-shortcuts="true"
          onKeyDown={event => {
            if (event.key === 'Escape') {
              event.preventDefault();
              event.stopPropagation();
              leave();
            }
          }}
        >
          <p id={`${id}-what`}>
            {isUnderWay(rollout)
              ? trans.__('%1 is taken back: %2 answers every request at once.', from, to)
              : trans.__('%1 goes from %2 back to %3 at once.', inline(told.alias, 60), from, to)}
          </p>
          <button
            type="button"
            ref={sure}
            className="jp-snapbook-Button jp-mod-primary"
            aria-disabled={busy}
            onClick={() => {
              if (!busy) {
                leave();
                onAct({ verb: 'rollback', options: {} });
              }
            }}
          >
            {trans.__('Roll back to %1 now', to)}
          </button>{' '}
          <Button busy={false} onClick={leave}>
            {trans.__('Cancel')}
          </Button>
        </div>
      )}
    </div>
  );
}

/** A button that keeps the keyboard while it is busy. */
export function Button(props: {
  busy: boolean;
  innerRef?: React.Ref<HTMLButtonElement>;
  expanded?: boolean;
  controls?: string;
  onClick(): void;
  children: React.ReactNode;
}): JSX.Element {
  const { busy, expanded, controls } = props;
  return (
    <button
      type="button"
      ref={props.innerRef}
      className="jp-snapbook-Button"
      aria-disabled={busy}
      aria-expanded={expanded}
      aria-controls={expanded === true ? controls : undefined}
      onClick={() => !busy && props.onClick()}
    >
      {props.children}
    </button>
  );
}
