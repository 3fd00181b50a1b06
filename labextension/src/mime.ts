/** The renderer of version cards, for JupyterLab and Notebook 7. Elsewhere their HTML is shown. */
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import { CardRenderer } from './card/renderer';
import { CARD_MIME } from './types';

const factory: IRenderMime.IRendererFactory = {
  // It shows text and talks to the user's own server: nothing in the output is executed.
  safe: true,
  mimeTypes: [CARD_MIME],
  createRenderer: options => new CardRenderer(options)
};

const extension: IRenderMime.IExtension = {
  id: 'snapbook:card',
  description: 'Shows the versions that cells made, as they are now.',
  rendererFactory: factory,
  // Before text/html, which every card carries as well.
  rank: 0,
  dataType: 'json'
};

export default extension;
