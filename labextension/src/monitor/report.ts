/**
 * A report as a frame shows it: a whole document, before which stands what it may do (show itself),
 * in the colours of the theme around it. Pure but for `useDark`.
 */
import * as React from 'react';

import { POLICY } from '../page/output';

const STYLES = /<style>[^<]*<\/style>/g;
const WANTS_DARK = /\(prefers-color-scheme: ?dark\)/g;

/**
 * The document for the frame. Its colours for the dark are those of the system's wish; a theme of
 * JupyterLab is none, so that wish is put as granted or refused.
 */
export function themed(html: string, dark: boolean): string {
  const policy = `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`;
  const granted = dark ? '(min-width: 0)' : '(max-width: 0)';
  const told = html.replace(STYLES, style => style.replace(WANTS_DARK, granted));
  return `<!doctype html>${policy}${told}`;
}

/** Whether JupyterLab's theme is a dark one, followed. */
export function useDark(): boolean {
  const [dark, setDark] = React.useState(isDark);
  React.useEffect(() => {
    const observer = new MutationObserver(() => setDark(isDark()));
    observer.observe(document.body, { attributeFilter: ['data-jp-theme-light'] });
    return () => observer.disconnect();
  }, []);
  return dark;
}

function isDark(): boolean {
  return document.body.dataset.jpThemeLight === 'false';
}
