/**
 * Our icons, in the theme's own colour: the panel's, a page with a marked version; and another
 * notebook's, a page behind a page; a registry's, three shelves.
 */
import { LabIcon } from '@jupyterlab/ui-components';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M5 3h11a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3H5a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zm1 2v14h1.5V5H6zm3.5 0v14H16a1 1 0 0 0 1-1V6a1 1 0 0 0-1-1H9.500z"/>
    <circle cx="13.200" cy="8.500" r="1.600"/>
    <circle cx="13.200" cy="15.500" r="1.600"/>
    <path d="M12.700 8.500h1v7h-1z"/>
  </g>
</svg>`;

export const snapbookIcon = new LabIcon({ name: 'snapbook:panel', svgstr: SVG });

const OTHER = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M8 2h11a2 2 0 0 1 2 2v13h-2V4H8zM5 6h9a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2zm0 2v12h9V8z"/>
</svg>`;

const REGISTRY = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M4 3h16v6H4zm2 2v2h12V5zm-2 5h16v5H4zm2 2v1h12v-1zm-2 4h16v5H4zm2 2v1h12v-1z"/>
</svg>`;

export const registryIcon = new LabIcon({ name: 'snapbook:registry', svgstr: REGISTRY });

export const otherNotebookIcon = new LabIcon({ name: 'snapbook:other-notebook', svgstr: OTHER });
