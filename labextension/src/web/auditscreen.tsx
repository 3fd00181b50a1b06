/** The trail of events, newest first: who did what when, from where; is the chain whole; a file. */
import * as React from 'react';

import { More } from '../common/more';
import { Moment, Said, Trouble } from '../common/said';
import { failure, type Failure } from '../common/source';
import { inline } from '../common/text';
import { countText } from '../format';
import type { EventRow, Verified } from './registry';
import { addressOf, modelOf } from './route';
import type { ScreenProps } from './screens';

export function AuditScreen(props: ScreenProps & { model: string; all: boolean }): JSX.Element {
  const { registry, model, all, trans } = props;
  const [events, setEvents] = React.useState<EventRow[] | null>(null);
  const [before, setBefore] = React.useState<number | null>(0);
  const [trouble, setTrouble] = React.useState<Failure | null>(null);
  const more = (from: number): void => {
    setTrouble(null);
    registry.trail(model, from).then(
      page => {
        setEvents(known => [...(from === 0 ? [] : (known ?? [])), ...page.events]);
        setBefore(page.before);
      },
      (reason: unknown) => setTrouble(failure(reason))
    );
  };
  React.useEffect(() => more(0), [registry, model]);
  return (
    <div className="jp-snapbook-web-scroll" tabIndex={-1}>
      <h1>
        {model === '' ? trans.__('Audit') : trans.__('Audit of %1', inline(model, 120))}
      </h1>
      <div className="jp-snapbook-Review-acts">
        {all && <Verify {...props} />}
        <Export {...props} />
        {model !== '' && <a href={addressOf({ screen: 'audit', model: '' })}>{trans.__('All models')}</a>}
      </div>
      {trouble !== null && <Trouble failure={trouble} trans={trans} onAgain={() => more(before ?? 0)} />}
      {events !== null && <Events events={events} {...props} />}
      {events !== null && before !== null && (
        <More onMore={() => more(before)}>{trans.__('Older events')}</More>
      )}
    </div>
  );
}

function Events(props: ScreenProps & { events: readonly EventRow[] }): JSX.Element {
  const { events, trans } = props;
  if (events.length === 0) {
    return <p className="jp-snapbook-Quiet">{trans.__('No events among those looked through.')}</p>;
  }
  return (
    <div className="jp-snapbook-Scroll" tabIndex={0} role="region" aria-label={trans.__('Events')}>
      <table className="jp-snapbook-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('No.')}</th>
            <th scope="col">{trans.__('When')}</th>
            <th scope="col">{trans.__('Who')}</th>
            <th scope="col">{trans.__('What')}</th>
            <th scope="col">{trans.__('Of')}</th>
            <th scope="col">{trans.__('Words')}</th>
            <th scope="col">{trans.__('From')}</th>
          </tr>
        </thead>
        <tbody>
          {events.map(event => (
            <OneEvent key={event.n} event={event} {...props} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function OneEvent(props: ScreenProps & { event: EventRow }): JSX.Element {
  const { event, trans } = props;
  if (event.broken === true) {
    return (
      <tr className="jp-mod-failed">
        <th scope="row">{countText(event.n)}</th>
        <td colSpan={6}>{trans.__('cannot be read')}</td>
      </tr>
    );
  }
  const { version, via } = event;
  const from = [via.address, via.request].filter(word => typeof word === 'string').join(' ');
  return (
    <tr>
      <th scope="row" title={inline(event.digest, 70)}>
        {countText(event.n)}
      </th>
      <td>
        <Moment time={event.time} />
      </td>
      <td>
        <Said text={event.author} longest={60} />
      </td>
      <td>
        <Said text={event.type} longest={40} />
      </td>
      <td>
        {version !== '' ? (
          <a href={addressOf({ screen: 'version', model: modelOf(version), ref: version })}>
            <Said text={version} longest={80} />
          </a>
        ) : (
          <Said text={event.model} longest={80} />
        )}
      </td>
      <td>
        <Said text={event.text} longest={300} />
      </td>
      <td className="jp-snapbook-Quiet">
        <Said text={from} longest={80} />
      </td>
    </tr>
  );
}

function Verify(props: ScreenProps): JSX.Element {
  const { registry, trans } = props;
  const [told, setTold] = React.useState<string>('');
  const [busy, setBusy] = React.useState(false);
  const verify = (): void => {
    setBusy(true);
    registry
      .verify()
      .then(found => setTold(verdict(found)), (reason: unknown) => setTold(failure(reason).message))
      .finally(() => setBusy(false));
  };
  const verdict = ({ events, head, bad }: Verified): string =>
    bad.length === 0
      ? trans.__('All %1 events are whole and in their places; the newest is #%2.', countText(events), inline(head, 8).replace('…', ''))
      : trans.__('Event %1 is bad: %2 (%3 in all).', countText(bad[0].n), inline(bad[0].why, 300), countText(bad.length));
  return (
    <>
      <button
        type="button"
        className="jp-snapbook-Button"
        aria-disabled={busy}
        onClick={() => !busy && verify()}
      >
        {trans.__('Verify the chain')}
      </button>
      <span role="status">{busy ? trans.__('Reading every event…') : told}</span>
    </>
  );
}

function Export(props: ScreenProps & { model: string }): JSX.Element {
  const { registry, model, trans } = props;
  const [trouble, setTrouble] = React.useState('');
  const save = async (): Promise<void> => {
    setTrouble('');
    try {
      const address = URL.createObjectURL(await registry.export(model));
      const link = document.createElement('a');
      link.href = address;
      link.download = 'audit.jsonl';
      link.click();
      window.setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } catch (reason) {
      setTrouble(failure(reason).message);
    }
  };
  return (
    <>
      <button type="button" className="jp-snapbook-Button" onClick={() => void save()}>
        {trans.__('Export as JSON lines')}
      </button>
      {trouble !== '' && <span role="alert">{inline(trouble, 300)}</span>}
    </>
  );
}
