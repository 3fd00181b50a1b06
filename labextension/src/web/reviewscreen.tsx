/** A review, with the alias it is about to be chosen. */
import * as React from 'react';

import { Trouble } from '../common/said';
import { ReviewModel } from '../review/model';
import { ReviewView } from '../review/view';
import { addressOf, modelOf } from './route';
import { go, type ScreenProps } from './screens';
import { useSignal } from './signals';

const ALIASES = ['production', 'staging'];

export function ReviewScreen(
  props: ScreenProps & { model: string; alias: string; version: string }
): JSX.Element {
  const { registry, model, alias, version, trans } = props;
  const state = React.useMemo(
    () => new ReviewModel(registry, model, alias, version),
    [registry, model, alias, version]
  );
  React.useEffect(() => {
    void state.load();
    return () => state.dispose();
  }, [state]);
  useSignal(state.changed);
  const aliases = ALIASES.includes(alias) ? ALIASES : [...ALIASES, alias];
  return (
    <div className="jp-snapbook-web-scroll" tabIndex={-1}>
      <nav className="jp-snapbook-web-tabs" aria-label={trans.__('Aliases')}>
        {aliases.map(name => (
          <a
            key={name}
            href={addressOf({ screen: 'review', model, alias: name, ref: version })}
            aria-current={name === alias ? 'page' : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
      {state.told !== null ? (
        <ReviewView
          told={state.told}
          busy={state.busy}
          failure={state.failure}
          done={state.done}
          trans={trans}
          onAct={(act, text) => void state.act(act, text)}
          onOpen={ref => go({ screen: 'version', model: modelOf(ref), ref })}
          onDiff={(old, now) => go({ screen: 'diff', model, old, now })}
        />
      ) : (
        state.failure !== null && (
          <Trouble failure={state.failure} trans={trans} onAgain={() => void state.load()} />
        )
      )}
    </div>
  );
}
