/** Components that follow a model: rendered again when it emits. */
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

/** Render again whenever `signal` is emitted. */
export function useSignal(signal: ISignal<unknown, unknown>): void {
  const [, again] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const slot = (): void => again();
    signal.connect(slot);
    return () => {
      signal.disconnect(slot);
    };
  }, [signal]);
}
