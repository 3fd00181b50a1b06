/** A review as a tab shows it: where and for which alias is chosen above it. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Trouble } from '../common/said';
import { inline } from '../common/text';
import type { PageActions } from '../tokens';
import type { ReviewPlace } from './place';
import { ReviewView } from './view';

const ALIASES = ['production', 'staging'];

export interface ReviewPageProps {
  place: ReviewPlace;
  trans: TranslationBundle;
  actions: PageActions;
}

export function ReviewPage({ place, trans, actions }: ReviewPageProps): JSX.Element {
  const { shown, chosen, path, registries } = place;
  // A version of a registry is called by it: it may not be here.
  const named = (ref: string): string =>
    chosen.registry === '' ? ref : `${chosen.registry}::${ref}`;
  return (
    <div
      className="jp-snapbook-Scroller"
      tabIndex={-1}
      onKeyDown={event => {
        const typing = event.target instanceof HTMLTextAreaElement;
        if (event.key === 'Escape' && !typing && !event.defaultPrevented) {
          actions.backToRow(path, place.ref);
        }
      }}
    >
      <div className="jp-snapbook-Review-choices">
        <Choice
          label={trans.__('Where')}
          names={['', ...(registries ?? [])]}
          chosen={chosen.registry}
          text={name => (name === '' ? trans.__('this project') : inline(name, 60))}
          onChoose={registry => void place.choose({ registry })}
        />
        <Choice
          label={trans.__('Alias')}
          names={ALIASES}
          chosen={chosen.alias}
          text={name => name}
          onChoose={alias => void place.choose({ alias })}
        />
      </div>
      {registries?.length === 0 && (
        <p className="jp-snapbook-Quiet">
          {trans.__('No registry is known here: this is decided in this project alone.')}
        </p>
      )}
      {place.failure !== null && shown.failure === null && (
        <Trouble failure={place.failure} trans={trans} onAgain={() => void place.load()} />
      )}
      {shown.told !== null ? (
        <ReviewView
          told={shown.told}
          busy={shown.busy}
          failure={shown.failure}
          done={shown.done}
          trans={trans}
          onAct={(act, text) => void shown.act(act, text)}
          onOpen={ref => actions.openVersion(path, named(ref))}
          onDiff={(old, now) => actions.openDiff(path, named(old), named(now))}
        />
      ) : shown.failure !== null ? (
        <Trouble failure={shown.failure} trans={trans} onAgain={() => void shown.load()} />
      ) : (
        <p role="status" className="jp-snapbook-Quiet">
          {trans.__('Looking…')}
        </p>
      )}
    </div>
  );
}

/** Buttons of which one is pressed. */
function Choice(props: {
  label: string;
  names: readonly string[];
  chosen: string;
  text(name: string): string;
  onChoose(name: string): void;
}): JSX.Element {
  const { label, names, chosen, text, onChoose } = props;
  return (
    <div role="group" aria-label={label} className="jp-snapbook-Review-choice">
      <span aria-hidden="true">{label}</span>
      {names.map(name => (
        <button
          key={name}
          type="button"
          className="jp-snapbook-Button"
          aria-pressed={name === chosen}
          onClick={() => name !== chosen && onChoose(name)}
        >
          {text(name)}
        </button>
      ))}
    </div>
  );
}
