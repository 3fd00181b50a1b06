/** The first screen: a provider's sign-in, where there is one; or a token, given once and not kept. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { inline } from '../common/text';
import type { Visit } from './visit';

export function SignIn(props: { visit: Visit; trans: TranslationBundle }): JSX.Element {
  const { visit, trans } = props;
  const [busy, setBusy] = React.useState(false);
  const field = React.useRef<HTMLInputElement>(null);
  const button = React.useRef<HTMLButtonElement>(null);
  React.useEffect(() => (button.current ?? field.current)?.focus(), []);
  const leave = async (): Promise<void> => {
    if (!busy) {
      setBusy(true);
      await visit.signInElsewhere();
      setBusy(false);
    }
  };
  const submit = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    const input = field.current;
    if (input === null || busy || input.value.trim() === '') {
      return;
    }
    setBusy(true);
    const token = input.value;
    input.value = '';
    if (!(await visit.signIn(token))) {
      setBusy(false);
      input.focus();
    }
  };
  return (
    <main className="jp-snapbook-web-signin">
      <h1>{trans.__('Model registry')}</h1>
      {visit.provider !== '' && (
        <button
          type="button"
          ref={button}
          className="jp-snapbook-Button jp-mod-primary"
          aria-disabled={busy}
          onClick={() => void leave()}
        >
          {trans.__('Sign in with %1', inline(visit.provider, 80))}
        </button>
      )}
      <form onSubmit={event => void submit(event)} autoComplete="off">
        <label htmlFor="token">{trans.__('Your token')}</label>
        <input
          id="token"
          ref={field}
          className="jp-snapbook-input"
          type="password"
          autoComplete="off"
          spellCheck={false}
          aria-describedby="token-help"
        />
        <p id="token-help" className="jp-snapbook-Quiet">
          {trans.__(
            'Whoever keeps this registry gives it to you: snapbook registry token NAME approver:churn. You stay signed in for eight hours at most.'
          )}
        </p>
        {visit.trouble !== '' && (
          <p role="alert" className="jp-snapbook-Trouble">
            {inline(visit.trouble, 400)}
          </p>
        )}
        <button
          type="submit"
          className={`jp-snapbook-Button ${visit.provider === '' ? 'jp-mod-primary' : ''}`}
          aria-disabled={busy}
        >
          {visit.provider === '' ? trans.__('Sign in') : trans.__('Sign in with the token')}
        </button>
      </form>
    </main>
  );
}
