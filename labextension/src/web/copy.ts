/** A text into the clipboard, also where the browser lends it to pages over HTTPS alone. */

export async function copy(text: string): Promise<void> {
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const held = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.setAttribute('aria-hidden', 'true');
  document.body.append(field);
  field.focus();
  field.select();
  document.execCommand('copy');
  field.remove();
  if (held instanceof HTMLElement) {
    held.focus();
  }
}
