/** One version, and two compared: the sidebar's pages, with the browser's addresses and own keys. */
import * as React from 'react';

import { folds } from '../common/folds';
import { DiffModel } from '../diff/model';
import { DiffView, type StopRendering } from '../diff/view';
import { PageModel } from '../page/model';
import { toggleOutputs, toSection } from '../page/moves';
import { PageView } from '../page/page';
import type { PageActions } from '../tokens';
import { copy } from './copy';
import { modelOf } from './route';
import { go, type ScreenProps } from './screens';
import { useSignal } from './signals';

/** What pages may ask for here. */
const ACTIONS: PageActions = {
  openVersion: (_, ref) => go({ screen: 'version', model: modelOf(ref), ref }),
  openDiff: (_, old, now) =>
    go({ screen: 'diff', model: modelOf(now ?? old), old, now: now ?? '' }),
  review: (_, ref) => go({ screen: 'review', model: modelOf(ref), alias: 'production', ref }),
  copy: text => void copy(text),
  backToRow: (_, ref) => go({ screen: 'versions', model: modelOf(ref) })
};

export function VersionScreen(props: ScreenProps & { version: string }): JSX.Element {
  const { client, version, trans } = props;
  const id = React.useId();
  const model = React.useMemo(() => new PageModel(client, '', version), [client, version]);
  React.useEffect(() => {
    void model.load();
    return () => model.dispose();
  }, [model]);
  useSignal(model.changed);
  useSignal(folds.changed);
  const show = (ref: string | null): void => {
    if (ref !== null) {
      ACTIONS.openVersion('', ref);
    }
  };
  const press = (event: React.KeyboardEvent<HTMLElement>): void => {
    const node = event.currentTarget;
    const before = model.older();
    onKey(event, {
      n: () => toSection(node, 1),
      p: () => toSection(node, -1),
      o: () => toggleOutputs(node),
      d: () => before !== null && ACTIONS.openDiff('', before, model.ref),
      '[': () => show(before),
      ']': () => void model.newer().then(show),
      Escape: () => ACTIONS.backToRow('', model.ref)
    });
  };
  return (
    <div className="jp-snapbook-Page" tabIndex={-1} data-keys="" onKeyDown={press}>
      <PageView id={id} model={model} folds={folds} trans={trans} actions={ACTIONS} />
    </div>
  );
}

export function DiffScreen(props: ScreenProps & { old: string; now: string }): JSX.Element {
  const { client, old, now, trans } = props;
  const id = React.useId();
  const model = React.useMemo(
    () => new DiffModel(client, '', old, now || undefined, undefined),
    [client, old, now]
  );
  const stopping = React.useRef<StopRendering | null>(null);
  React.useEffect(() => {
    void model.load();
    return () => model.dispose();
  }, [model]);
  useSignal(model.changed);
  useSignal(folds.changed);
  const back = (): void => {
    if (!model.cancel() && stopping.current?.() !== true) {
      ACTIONS.backToRow('', model.new || model.old);
    }
  };
  const press = (event: React.KeyboardEvent<HTMLElement>): void =>
    onKey(event, {
      n: () => model.move(1),
      p: () => model.move(-1),
      o: () => model.setOutputs(!model.outputs),
      s: () => model.setSideBySide(!model.sideBySide),
      x: () => model.new !== '' && void model.swap(),
      Escape: back
    });
  return (
    <div className="jp-snapbook-Diff" tabIndex={-1} data-keys="" onKeyDown={press}>
      <DiffView
        id={id}
        model={model}
        folds={folds}
        trans={trans}
        actions={ACTIONS}
        stopping={stopping}
      />
    </div>
  );
}

/** A single key that no field wanted. */
function onKey(event: React.KeyboardEvent, keys: { [key: string]: () => unknown }): void {
  const { target } = event;
  const typing = target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea, select');
  const act = new Map(Object.entries(keys)).get(event.key);
  if (act !== undefined && !typing && !event.altKey && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    act();
  }
}
