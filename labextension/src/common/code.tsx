/** Code as text with colours: of a cell, of a line, of a part of one. Functions of props. */
import * as React from 'react';

import { spans, type Span } from './colours';
import { usePainted } from './painter';
import { block } from './text';

/** Pieces of code, each in the colour of its kind. */
export function Spans(props: { spans: readonly Span[] }): JSX.Element {
  return (
    <>
      {props.spans.map(({ text, kind }, at) =>
        kind === '' ? (
          <React.Fragment key={at}>{text}</React.Fragment>
        ) : (
          <span key={at} className={`jp-snapbook-code-${kind}`}>
            {text}
          </span>
        )
      )}
    </>
  );
}

/** Lines of Python, coloured when they come into view. */
export function CodeLines(props: { text: string }): JSX.Element {
  const code = React.useMemo(() => block(props.text), [props.text]);
  const element = React.useRef<HTMLPreElement>(null);
  const painted = usePainted(element, code, parser => spans(code, parser));
  return (
    <pre className="jp-snapbook-Lines" dir="ltr" ref={element}>
      {painted === null ? code : <Spans spans={painted} />}
    </pre>
  );
}
