/** The routes of the server part, below the Jupyter server's base URL. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { Reach } from './client';

/** The Jupyter server of these settings. */
export function jupyterServer(settings: ServerConnection.ISettings): Reach {
  const base = URLExt.join(settings.baseUrl, 'snapbook/api/');
  return {
    who: 'The Jupyter server',
    ask: (route, init) => ServerConnection.makeRequest(base + route, init, settings)
  };
}
