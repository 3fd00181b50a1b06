/**
 * Text that others wrote, made fit to be shown: names, tags, cells, outputs, columns.
 *
 * React escapes markup; what is left are characters that reorder, hide or overlay other text and
 * names that are longer than a screen. Knows no component and no language.
 */

// Control and format characters, half surrogates, private use. Joiners stay: scripts and emoji
// need them.
const UNSEEN = /(?![\u200c\u200d\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;
const REPLACEMENT = '\ufffd';

/** `text` on one line of at most `longest` characters, with nothing in it that acts. */
export function inline(text: string, longest = 300): string {
  const head = text.length > longest ? shortened(text, longest) + '…' : text;
  return head.replace(UNSEEN, REPLACEMENT).replace(/\n/g, '\u2424').replace(/\t/g, '    ');
}

/** How much of the end `middle` keeps: a version's number, a file's extension. */
const END = 24;

/** `text` as `inline` gives it, but what is too long loses its middle: its end tells it apart. */
export function middle(text: string, longest: number): string {
  if (text.length <= longest) {
    return inline(text, longest);
  }
  // No half of a surrogate pair at the beginning.
  const end = text.slice(-END).replace(/^[\udc00-\udfff]/, '');
  return inline(text, Math.max(1, longest - END)) + inline(end);
}

/** `text` with its lines and tabs, with nothing else in it that acts. */
export function block(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(UNSEEN, REPLACEMENT);
}

/** The first `count` characters, no half of a surrogate pair at the end. */
export function shortened(text: string, count: number): string {
  const cut = text.slice(0, count);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/** Whether `inline` would change the text, so that a reader may want to see it in full. */
export function isShortened(text: string, longest = 300): boolean {
  return text.length > longest;
}
