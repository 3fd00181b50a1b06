/** Texts as they are written: the page speaks English. The interface is JupyterLab's. */
import type { TranslationBundle } from '@jupyterlab/translation';

/** `text` with %1, %2 … replaced. */
function filled(text: string, values: readonly unknown[]): string {
  return text.replace(/%(\d+)/g, (mark: string, at: string) =>
    Number(at) <= values.length ? String(values[Number(at) - 1]) : mark
  );
}

const say = (text: string, ...values: unknown[]): string => filled(text, values);
const count = (one: string, many: string, n: number, ...values: unknown[]): string =>
  filled(n === 1 ? one : many, [n, ...values]);

/** Without any translation. */
export const ENGLISH: TranslationBundle = {
  __: say,
  gettext: say,
  _n: count,
  ngettext: count,
  _p: (_, text, ...values) => say(text, ...values),
  pgettext: (_, text, ...values) => say(text, ...values),
  _np: (_, one, many, n, ...values) => count(one, many, n, ...values),
  npgettext: (_, one, many, n, ...values) => count(one, many, n, ...values),
  dcnpgettext: (_domain, _context, one, many, n, ...values) => count(one, many, n, ...values)
};
