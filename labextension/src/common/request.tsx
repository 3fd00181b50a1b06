/** Something that is fetched when asked for: an output, a file. The hook and what it shows. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { around, rescue } from './focus';
import { whenNear } from './near';
import { Trouble } from './said';
import { failure, Failure } from './source';

/** The state of a request. */
export type Asked<T> =
  | { state: 'idle' }
  | { state: 'waiting' }
  | { state: 'here'; value: T }
  | { state: 'failed'; failure: Failure };

/** A request and the function that starts it; an answer that comes after the last use is dropped. */
export function useRequest<T>(ask: () => Promise<T>): [Asked<T>, () => void] {
  const [asked, setAsked] = React.useState<Asked<T>>({ state: 'idle' });
  const mounted = React.useRef(true);
  React.useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);
  const start = (): void => {
    setAsked({ state: 'waiting' });
    ask().then(
      value => mounted.current && setAsked({ state: 'here', value }),
      reason => mounted.current && setAsked({ state: 'failed', failure: failure(reason) })
    );
  };
  return [asked, start];
}

/** A button that fetches and then gives way to what it fetched. */
export function OnRequest<T>(props: {
  label: string;
  /** For screen readers, where the label alone does not say of what. */
  name?: string;
  ask: () => Promise<T>;
  /** Whether it is fetched by itself when it comes into view. */
  eager?: boolean;
  trans: TranslationBundle;
  children: (value: T) => React.ReactNode;
}): JSX.Element {
  const [asked, start] = useRequest(props.ask);
  const near = React.useRef<HTMLElement | null>(null);
  const button = React.useRef<HTMLButtonElement>(null);
  React.useEffect(() => {
    const node = button.current;
    return props.eager === true && node !== null ? whenNear(node, start) : undefined;
  }, [props.eager]);
  React.useEffect(() => {
    if (asked.state === 'here' || asked.state === 'failed') {
      rescue(near.current);
    }
  }, [asked.state]);
  switch (asked.state) {
    case 'here':
      return <>{props.children(asked.value)}</>;
    case 'failed':
      return <Trouble failure={asked.failure} trans={props.trans} onAgain={start} />;
    default:
      return (
        <button
          ref={button}
          type="button"
          className="jp-snapbook-Link"
          aria-label={props.name}
          aria-busy={asked.state === 'waiting'}
          onClick={event => {
            near.current = around(event.currentTarget);
            if (asked.state === 'idle') {
              start();
            }
          }}
        >
          {asked.state === 'waiting' ? props.trans.__('fetching…') : props.label}
        </button>
      );
  }
}
