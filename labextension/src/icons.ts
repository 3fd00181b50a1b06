/** Our icon, in the theme's own colour: a page with a marked version. */
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
