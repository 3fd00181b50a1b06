// @vitest-environment jsdom
import './browser';

import { act } from 'react';
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import { describe, expect, it } from 'vitest';

import { MonitorModel, type Report } from '../../src/monitor/model';
import { MonitorPage } from '../../src/monitor/page';
import { themed } from '../../src/monitor/report';
import { trans } from './sample';

const HTML =
  '<!doctype html><html><head><style>@media screen and (prefers-color-scheme:dark){b{}}</style>' +
  '</head><body>prefers-color-scheme:dark<script>parent.pwned=1</script></body></html>';

describe('a report in its frame', () => {
  it('has our policy before anything that it says of itself', () => {
    const own = '<meta http-equiv="Content-Security-Policy" content="default-src *">';
    const text = themed(own + HTML, false);
    expect(text.indexOf("default-src 'none'")).toBeLessThan(text.indexOf('default-src *'));
  });

  it('is told which theme it stands in, and nothing else of it is touched', () => {
    expect(themed(HTML, true)).toContain('screen and (min-width: 0){');
    expect(themed(HTML, false)).toContain('screen and (max-width: 0){');
    expect(themed(HTML, true)).toContain('<body>prefers-color-scheme:dark');
  });

  it('runs nothing', async () => {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
    const host = document.createElement('div');
    document.body.append(host);
    const root = createRoot(host);
    const reports = { monitor: async (): Promise<Report> => ({ html: HTML, lines: [] }) };
    const monitor = new MonitorModel(reports, '', 'churn');
    await monitor.load();
    await act(async () => root.render(<MonitorPage monitor={monitor} trans={trans} />));
    const frame = host.querySelector('iframe');
    expect(frame?.getAttribute('sandbox')).toBe('');
    expect(frame?.getAttribute('src')).toBeNull();
    expect((window as { pwned?: unknown }).pwned).toBeUndefined();
    act(() => root.unmount());
    host.remove();
  });
});

describe('asking for a report', () => {
  it('asks once at a time, once more if it was asked meanwhile, and keeps what is shown', async () => {
    let asked = 0;
    const reports = {
      monitor: async (): Promise<Report> => {
        asked += 1;
        if (asked === 3) {
          throw { kind: 'not-found', message: 'No request is in snapbook-log.', status: 404 };
        }
        return { html: `report ${asked}`, lines: [] };
      }
    };
    const monitor = new MonitorModel(reports, '', 'churn');
    await Promise.all([monitor.load(), monitor.load(), monitor.load()]);
    expect([asked, monitor.told?.html, monitor.busy]).toEqual([2, 'report 2', false]);
    await monitor.load();
    expect([monitor.told?.html, monitor.failure?.status]).toEqual(['report 2', 404]);
    await monitor.load();
    expect([monitor.told?.html, monitor.failure]).toEqual(['report 4', null]);
  });
});
