/** Where the page begins: what the components stand in, who looks, and the first render. */
import { parser } from '@lezer/python';
import * as React from 'react';
import { createRoot } from 'react-dom/client';

import { Client } from '../client';
import { setParser } from '../common/painter';
import { setSurroundings } from '../common/surroundings';
import { App } from './app';
import { openMenu } from './menu';
import { Registry } from './registry';
import { ENGLISH } from './trans';
import { Visit } from './visit';

const place = document.getElementById('page');
if (place !== null) {
  setParser(() => Promise.resolve(parser));
  setSurroundings({ openMenu, Select: props => <select {...props} /> });
  const visit = new Visit(window.fetch.bind(window), window);
  const client = new Client(visit);
  const registry = new Registry(visit);
  createRoot(place).render(
    <App visit={visit} client={client} registry={registry} trans={ENGLISH} />
  );
  void visit.begin();
}
