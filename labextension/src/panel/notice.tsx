/** One state of the surroundings: a sentence and the step that helps. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Notice } from '../notices';
import type { Acts } from './acts';

export interface NoticeProps {
  notice: Notice;
  acts: Acts;
  trans: TranslationBundle;
  onDismiss(what: string): void;
}

export function NoticeBox({ notice, acts, trans, onDismiss }: NoticeProps): JSX.Element {
  const { dismiss } = notice;
  return (
    <div
      className={`jp-snapbook-notice${notice.alert ? ' jp-mod-warn' : ''}`}
      role={notice.alert ? 'alert' : 'status'}
    >
      <p>
        {notice.text}
        {notice.code !== undefined && <code>{notice.code}</code>}
      </p>
      <div className="jp-snapbook-steps">
        {notice.steps.map(step => (
          <button
            key={step.label}
            type="button"
            className="jp-snapbook-link"
            onClick={() =>
              step.copy !== undefined
                ? acts.copy(step.copy)
                : acts.run(step.command ?? '', step.args)
            }
          >
            {step.label}
          </button>
        ))}
        {notice.always && (
          <label className="jp-snapbook-check">
            <input
              type="checkbox"
              checked={acts.loadsAlways()}
              onChange={event => acts.setLoadsAlways(event.currentTarget.checked)}
            />
            {trans.__('always in this folder')}
          </label>
        )}
        {dismiss !== undefined && (
          <button
            type="button"
            className="jp-snapbook-link"
            onClick={() => onDismiss(dismiss)}
          >
            {trans.__('Dismiss')}
          </button>
        )}
      </div>
    </div>
  );
}
