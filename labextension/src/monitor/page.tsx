/** A report of what was watched, as a tab shows it: in a frame that may run nothing. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Lines, Trouble } from '../common/said';
import { inline } from '../common/text';
import type { MonitorModel } from './model';
import { themed, useDark } from './report';

export function MonitorPage(props: {
  monitor: MonitorModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { monitor, trans } = props;
  const { told } = monitor;
  const dark = useDark();
  return (
    <div className="jp-snapbook-Scroller jp-snapbook-Monitor" tabIndex={-1}>
      <header className="jp-snapbook-Monitor-head">
        <h1>{trans.__('What %1 met', inline(monitor.model, 140))}</h1>
        <button
          type="button"
          className="jp-snapbook-Button"
          aria-disabled={monitor.busy}
          onClick={() => void monitor.load()}
        >
          {monitor.busy ? trans.__('Looking…') : trans.__('Look again')}
        </button>
      </header>
      {monitor.failure !== null && <Trouble failure={monitor.failure} trans={trans} />}
      {told !== null &&
        (told.html === '' ? (
          <Lines text={told.lines.join('\n')} />
        ) : (
          <iframe
            className="jp-snapbook-Monitor-frame"
            title={trans.__('Report on %1', inline(monitor.model, 140))}
            sandbox=""
            referrerPolicy="no-referrer"
            srcDoc={themed(told.html, dark)}
          />
        ))}
    </div>
  );
}
