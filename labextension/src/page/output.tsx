/**
 * One stored output of a notebook, shown on request.
 *
 * Text is shown as text and images as images. HTML and SVG go into a frame of their own that may
 * run no script, reach no network and touch nothing of the page.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { CodeLines } from '../common/code';
import { More } from '../common/more';
import { OnRequest } from '../common/request';
import { Lines } from '../common/said';
import { inline, shortened } from '../common/text';
import { sizeText } from '../format';
import type { StoredOutput } from '../types';

/** Above this an output says that it is large before it is fetched. */
export const LARGE_BYTES = 1_000_000;
const FIRST_CHARACTERS = 100_000;
const IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/bmp']);
const FRAMED = new Set(['text/html', 'image/svg+xml']);

/** What a framed output may do: show itself. No script, no request. */
export const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";

/** The outputs of one cell: fetched when they come into view, large ones when asked for. */
export function Outputs(props: {
  outputs: readonly { kind: string; bytes: number }[];
  /** The cell's bracket, for screen readers. */
  cell: string;
  fetch: (at: number) => Promise<StoredOutput>;
  trans: TranslationBundle;
}): JSX.Element {
  const { outputs, cell, fetch, trans } = props;
  return (
    <ul className="jp-snapbook-Outputs" aria-label={trans.__('Outputs of %1', cell)}>
      {outputs.map((output, at) => {
        const size = sizeText(output.bytes);
        const kind = inline(output.kind, 60);
        const label =
          output.bytes > LARGE_BYTES
            ? trans.__('%1: large, %2 [show]', kind, size)
            : trans.__('%1, %2 [show]', kind, size);
        return (
          <li key={at}>
            <OnRequest
              label={label}
              ask={() => fetch(at)}
              eager={output.bytes <= LARGE_BYTES}
              trans={trans}
            >
              {value => <Output output={value} trans={trans} />}
            </OnRequest>
          </li>
        );
      })}
    </ul>
  );
}

/** One output that is here. */
export function Output(props: { output: StoredOutput; trans: TranslationBundle }): JSX.Element {
  const { output, trans } = props;
  if (IMAGES.has(output.mime)) {
    const data = output.data.replace(/\s/g, '');
    return (
      <img
        className="jp-snapbook-Image"
        src={`data:${output.mime};base64,${data}`}
        alt={trans.__('Output of type %1', output.mime)}
      />
    );
  }
  if (FRAMED.has(output.mime)) {
    return (
      <iframe
        className="jp-snapbook-Frame"
        title={trans.__('Output of type %1, without scripts', output.mime)}
        sandbox=""
        referrerPolicy="no-referrer"
        srcDoc={framed(asText(output))}
      />
    );
  }
  return <LongText text={asText(output)} trans={trans} />;
}

/** A document for the frame. What the output says of itself comes after the policy. */
export function framed(markup: string): string {
  const policy = `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`;
  const style = '<style>body{background:#fff;color:#000;font:13px sans-serif;margin:8px}</style>';
  return `<!doctype html><html><head>${policy}${style}</head><body>${markup}</body></html>`;
}

/** Text of which the first part is shown, the rest when asked for; with colours if it is code. */
export function LongText(props: {
  text: string;
  code?: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { text, code, trans } = props;
  const [whole, setWhole] = React.useState(false);
  const shown = whole ? text : shortened(text, FIRST_CHARACTERS);
  return (
    <>
      {code === true ? <CodeLines text={shown} /> : <Lines text={shown} />}
      {shown.length < text.length && (
        <More onMore={() => setWhole(true)}>
          {trans.__('large, %1 [show all]', sizeText(text.length))}
        </More>
      )}
    </>
  );
}

function asText(output: StoredOutput): string {
  if (output.encoding !== 'base64') {
    return output.data;
  }
  const bytes = Uint8Array.from(atob(output.data.replace(/\s/g, '')), item => item.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}
