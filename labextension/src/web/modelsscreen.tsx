/** All models that the reader may read: what is live of each, and what came last. */
import * as React from 'react';

import { Moment, Said, Trouble } from '../common/said';
import { failure, type Failure } from '../common/source';
import { countText, numberText, saidOf, valueText } from '../format';
import type { ModelRow, Models } from './registry';
import { addressOf } from './route';
import type { ScreenProps } from './screens';

export function ModelsScreen(props: ScreenProps): JSX.Element {
  const { registry, trans } = props;
  const [told, setTold] = React.useState<Models | null>(null);
  const [trouble, setTrouble] = React.useState<Failure | null>(null);
  const [text, setText] = React.useState('');
  const load = React.useCallback(() => {
    let wanted = true;
    setTrouble(null);
    registry.models().then(
      found => wanted && setTold(found),
      (reason: unknown) => wanted && setTrouble(failure(reason))
    );
    return () => {
      wanted = false;
    };
  }, [registry]);
  React.useEffect(load, [load]);
  const words = text.trim().toLowerCase();
  const found = (told?.models ?? []).filter(({ name }) => name.toLowerCase().includes(words));
  return (
    <div className="jp-snapbook-web-scroll" tabIndex={-1}>
      <h1>{trans.__('Models')}</h1>
      {trouble !== null && <Trouble failure={trouble} trans={trans} onAgain={load} />}
      {told !== null && told.models.length === 0 && (
        <p>
          {trans.__(
            'No models that you may read. Whoever keeps this registry grants them; snapbook push brings versions here.'
          )}
        </p>
      )}
      {told !== null && told.models.length > 0 && (
        <>
          <input
            type="search"
            className="jp-snapbook-input"
            aria-label={trans.__('Search models')}
            placeholder={trans.__('name')}
            value={text}
            onChange={event => setText(event.currentTarget.value)}
          />
          <table className="jp-snapbook-Table jp-snapbook-web-models">
            <thead>
              <tr>
                <th scope="col">{trans.__('Model')}</th>
                <th scope="col">{trans.__('Live')}</th>
                <th scope="col">{trans.__('Newest')}</th>
                <th scope="col">{trans.__('When')}</th>
                <th scope="col">{trans.__('Versions')}</th>
              </tr>
            </thead>
            <tbody>
              {found.map(model => (
                <OneModel key={model.name} model={model} {...props} />
              ))}
            </tbody>
          </table>
          <p className="jp-snapbook-Quiet" role="status">
            {found.length === 0 && trans.__('No model has that in its name.')}
            {told.more > 0 && trans.__('%1 more are not shown.', countText(told.more))}
          </p>
        </>
      )}
    </div>
  );
}

function OneModel(props: ScreenProps & { model: ModelRow }): JSX.Element {
  const { model, trans } = props;
  const { name, newest, live } = model;
  const metric = newest?.metrics[newest.main];
  return (
    <tr>
      <th scope="row">
        <a href={addressOf({ screen: 'versions', model: name })}>
          <Said text={name} longest={80} />
        </a>
      </th>
      <td>
        {live.map(({ alias, version }) => (
          <div key={alias}>
            <span aria-hidden="true">◆ </span>
            <Said text={alias} longest={40} />{' '}
            <a href={addressOf({ screen: 'version', model: name, ref: version.ref })}>
              {numberText(version.number)}
            </a>
          </div>
        ))}
        {live.length === 0 && <span className="jp-snapbook-Quiet">{trans.__('nothing')}</span>}
      </td>
      <td>
        {newest !== null && (
          <>
            <a href={addressOf({ screen: 'version', model: name, ref: newest.ref })}>
              {numberText(newest.number)}
            </a>{' '}
            {metric !== undefined && (
              <span>
                <Said text={newest.main} longest={40} /> {valueText(metric.value)}{' '}
              </span>
            )}
            <span className="jp-snapbook-Quiet">
              <Said text={saidOf(newest, trans)} longest={80} />
            </span>
          </>
        )}
      </td>
      <td>{newest !== null && <Moment time={newest.time} />}</td>
      <td className="jp-snapbook-Number">{countText(model.count)}</td>
    </tr>
  );
}
