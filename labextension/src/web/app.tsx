/** The page: its head with the way through it, and the screen that the address names. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Client } from '../client';
import { Said } from '../common/said';
import { inline } from '../common/text';
import { numberOf } from '../format';
import { AuditScreen } from './auditscreen';
import { ListScreen } from './listscreen';
import { ModelsScreen } from './modelsscreen';
import { DiffScreen, VersionScreen } from './pagescreen';
import type { Registry } from './registry';
import { ReviewScreen } from './reviewscreen';
import { addressOf, routeOf, type Route } from './route';
import { useSignal } from './signals';
import { SignIn } from './signin';
import type { Me, Visit } from './visit';

export interface AppProps {
  visit: Visit;
  client: Client;
  registry: Registry;
  trans: TranslationBundle;
}

export function App(props: AppProps): JSX.Element {
  const { visit, trans } = props;
  useSignal(visit.changed);
  switch (visit.state) {
    case 'asking':
      return <main aria-busy="true" />;
    case 'out':
      return <SignIn visit={visit} trans={trans} />;
    case 'away':
      return (
        <main className="jp-snapbook-web-signin" role="alert">
          <p>{visit.trouble || trans.__('The registry does not answer.')}</p>
          <button type="button" className="jp-snapbook-Button" onClick={() => void visit.look()}>
            {trans.__('Try again')}
          </button>
        </main>
      );
    case 'in':
      return <Inside {...props} me={visit.me as Me} />;
  }
}

function Inside(props: AppProps & { me: Me }): JSX.Element {
  const route = useRoute();
  const { me, trans } = props;
  const main = React.useRef<HTMLElement>(null);
  const first = React.useRef(true);
  const address = addressOf(route);
  React.useEffect(() => {
    document.title = `${titleOf(route, trans)} – ${me.name}`;
    // Where another screen came, the keyboard begins there. At first the browser decides, but for
    // screens with keys of their own.
    const own = main.current?.querySelector<HTMLElement>('[data-keys]');
    if (own || !first.current) {
      (own ?? main.current)?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [address]);
  return (
    <>
      <Head {...props} route={route} />
      <main ref={main} tabIndex={-1} className="jp-snapbook-web-main" aria-label={titleOf(route, trans)}>
        <Screen key={address} {...props} route={route} />
      </main>
    </>
  );
}

function Screen(props: AppProps & { me: Me; route: Route }): JSX.Element {
  const { route, me, client, registry, trans } = props;
  const given = { client, registry, trans };
  switch (route.screen) {
    case 'models':
      return <ModelsScreen {...given} />;
    case 'versions':
      return <ListScreen {...given} model={route.model} />;
    case 'version':
      return <VersionScreen {...given} version={route.ref} />;
    case 'diff':
      return <DiffScreen {...given} old={route.old} now={route.now} />;
    case 'review':
      return (
        <ReviewScreen {...given} model={route.model} alias={route.alias} version={route.ref} />
      );
    case 'audit':
      return <AuditScreen {...given} model={route.model} all={me.all} />;
  }
}

function Head(props: AppProps & { me: Me; route: Route }): JSX.Element {
  const { route, me, visit, trans } = props;
  const model = 'model' in route ? route.model : '';
  const link = (to: Route, text: string): JSX.Element => (
    <a href={addressOf(to)} aria-current={to.screen === route.screen ? 'page' : undefined}>
      {text}
    </a>
  );
  return (
    <header className="jp-snapbook-web-head">
      <nav aria-label={trans.__('Registry')}>
        <strong>
          <Said text={me.name} longest={40} />
        </strong>
        {link({ screen: 'models' }, trans.__('Models'))}
        {link({ screen: 'audit', model: '' }, trans.__('Audit'))}
      </nav>
      {model !== '' && (
        <nav aria-label={trans.__('Model %1', inline(model, 80))}>
          <strong>
            <Said text={model} longest={60} />
          </strong>
          {link({ screen: 'versions', model }, trans.__('Versions'))}
          {link({ screen: 'review', model, alias: 'production', ref: '' }, trans.__('Review'))}
          {link({ screen: 'audit', model }, trans.__('Audit of the model'))}
        </nav>
      )}
      <div className="jp-snapbook-web-you">
        <span title={inline(me.grants.join(', '), 300)}>
          <Said text={me.you} longest={60} />
        </span>
        <button type="button" className="jp-snapbook-Link" onClick={() => void visit.signOut()}>
          {trans.__('Sign out')}
        </button>
      </div>
    </header>
  );
}

function titleOf(route: Route, trans: TranslationBundle): string {
  switch (route.screen) {
    case 'models':
      return trans.__('Models');
    case 'versions':
      return trans.__('Versions of %1', inline(route.model, 80));
    case 'version':
      return inline(route.ref, 100);
    case 'diff':
      return `${inline(route.old, 80)} → ${inline(numberOf(route.now), 40)}`;
    case 'review':
      return trans.__('Review of %1', inline(route.ref || route.model, 100));
    case 'audit':
      return route.model === '' ? trans.__('Audit') : trans.__('Audit of %1', inline(route.model, 80));
  }
}

function useRoute(): Route {
  const [hash, setHash] = React.useState(window.location.hash);
  React.useEffect(() => {
    const follow = (): void => setHash(window.location.hash);
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  return React.useMemo(() => routeOf(hash), [hash]);
}
