/**
 * The one act: a button that says why it waits, and its form in place below it.
 *
 * The form shows what would be kept and which number it becomes before anything is done.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';
import { countText, numberText, sizeText } from '../format';
import type { Wrong } from '../model';
import type { FrameInfo, KernelStatus, Saved } from '../types';
import type { Acts, SnapshotRequest } from './acts';
import { Candidates } from './candidates';
import { initial } from './request';

export interface ButtonProps {
  /** Why it cannot be pressed, "" where it can. */
  reason: string;
  /** What waits for the kernel, "" for nothing. */
  queued: string;
  running: boolean;
  /** There is no version yet: the form is what is needed. */
  first: boolean;
  open: boolean;
  acts: Acts;
  trans: TranslationBundle;
  onOpen(open: boolean): void;
}

export function SnapshotButton(props: ButtonProps): JSX.Element {
  const { reason, queued, running, first, open, acts, trans } = props;
  const label =
    queued !== ''
      ? queued
      : running
        ? trans.__('Snapshot…')
        : reason !== ''
          ? reason
          : first
            ? trans.__('Snapshot model…')
            : trans.__('Snapshot');
  const off = reason !== '';
  return (
    <div className="jp-snapbook-split">
      <button
        type="button"
        className="jp-snapbook-button jp-mod-accept"
        aria-disabled={off || running}
        title={queued !== '' ? trans.__('Click again: cancel') : undefined}
        onClick={() => {
          if (off || running) {
            return;
          }
          if (queued !== '') {
            acts.cancelSnapshot();
          } else if (first) {
            props.onOpen(true);
          } else {
            acts.snapshot({});
          }
        }}
      >
        {label}
      </button>
      <button
        type="button"
        className="jp-snapbook-button jp-snapbook-more-button"
        aria-label={trans.__('Snapshot with name, message and data')}
        title={trans.__('Snapshot with name, message and data')}
        aria-expanded={open}
        aria-disabled={off}
        onClick={() => {
          if (!off) {
            props.onOpen(!open);
          }
        }}
      >
        <span aria-hidden="true">▾</span>
      </button>
    </div>
  );
}

export interface FormProps {
  status: KernelStatus;
  /** The version that kept the wrong variable; null where the form is just open. */
  wrong: Wrong | null;
  models: readonly string[];
  rows: SnapshotRequest['rows'];
  acts: Acts;
  trans: TranslationBundle;
  onClose(): void;
}

/** What the kernel would make of the request. */
type Preview = { saved: Saved | null; said: string; asking: boolean };

const CALM_MS = 300;

export function SnapshotForm(props: FormProps): JSX.Element {
  const { status, acts, trans } = props;
  const [request, setRequest] = React.useState<SnapshotRequest>(() => initial(props));
  const preview = usePreview(request, acts);
  const change = (part: Partial<SnapshotRequest>): void => setRequest({ ...request, ...part });
  const form = React.useRef<HTMLFormElement>(null);
  // Where another variable is wanted the keyboard is among the variables, else on the name.
  React.useEffect(() => {
    const wanted = props.wrong === null ? 'input' : 'input[type="radio"]:enabled';
    const radio = form.current?.querySelector<HTMLElement>('input[type="radio"]:checked');
    (props.wrong !== null && radio ? radio : form.current?.querySelector<HTMLElement>(wanted))?.focus();
  }, []);
  const becomes = preview.saved;
  const ref =
    becomes === null
      ? request.name
      : `${becomes.version.model}:${numberText(becomes.version.number)}`;
  return (
    <form
      ref={form}
      className="jp-snapbook-form"
      aria-label={trans.__('Snapshot')}
      onSubmit={event => {
        event.preventDefault();
        acts.snapshot(request);
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onClose();
        }
      }}
    >
      {props.wrong !== null && (
        <p className="jp-snapbook-quiet">
          {trans.__('%1 kept %2. Choose another:', props.wrong.ref, props.wrong.variable)}
        </p>
      )}
      <label>
        <span>{trans.__('Name')}</span>
        <input
          type="text"
          className="jp-snapbook-input"
          list="jp-snapbook-models"
          value={request.name}
          onChange={event => change({ name: event.currentTarget.value })}
        />
        <datalist id="jp-snapbook-models">
          {props.models.map(name => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </label>
      <Candidates
        candidates={status.candidates}
        chosen={request.variable}
        trans={trans}
        onChoose={variable => change({ variable })}
      />
      <label>
        <span>{trans.__('Message')}</span>
        <input
          type="text"
          className="jp-snapbook-input"
          value={request.message}
          placeholder={becomes?.reason ?? ''}
          onChange={event => change({ message: event.currentTarget.value })}
        />
      </label>
      <NumberField request={request} trans={trans} onChange={change} />
      <p className="jp-snapbook-becomes" role="status">
        {said(preview, trans)}
      </p>
      <Data
        frames={status.frames}
        request={request}
        saved={becomes}
        trans={trans}
        onChange={change}
      />
      <details>
        <summary>{trans.__('Tags, attachments')}</summary>
        <label>
          <span>{trans.__('Tags')}</span>
          <input
            type="text"
            className="jp-snapbook-input"
            value={request.tags.join(', ')}
            placeholder="exp, team=risk"
            onChange={event => change({ tags: words(event.currentTarget.value) })}
          />
        </label>
        <label>
          <span>{trans.__('Files')}</span>
          <input
            type="text"
            className="jp-snapbook-input"
            value={request.attach.join(', ')}
            placeholder="report.md, figure.png"
            onChange={event => change({ attach: words(event.currentTarget.value) })}
          />
        </label>
      </details>
      <div className="jp-snapbook-steps">
        <button type="submit" className="jp-snapbook-button jp-mod-accept">
          {becomes?.unchanged
            ? trans.__('Snapshot (unchanged)')
            : trans.__('Snapshot %1', ref)}
        </button>
        <button type="button" className="jp-snapbook-link" onClick={props.onClose}>
          {trans.__('Esc: close')}
        </button>
      </div>
    </form>
  );
}

/** Words between commas. A comma at the end is kept as an empty word, so that one can go on typing. */
function words(text: string): string[] {
  return text === '' ? [] : text.split(/,\s?/);
}

/** Ask the kernel what would become of the request, once it has been left alone. */
function usePreview(request: SnapshotRequest, acts: Acts): Preview {
  const [preview, setPreview] = React.useState<Preview>({ saved: null, said: '', asking: true });
  // The message and the tags change nothing of what is asked here.
  const asked = JSON.stringify({ ...request, message: '', tags: [] });
  React.useEffect(() => {
    let current = true;
    const timer = window.setTimeout(() => {
      setPreview(old => ({ ...old, asking: true }));
      acts
        .preview(request)
        .then(saved => current && setPreview({ saved, said: '', asking: false }))
        .catch((error: Error) => {
          if (current) {
            setPreview({ saved: null, said: error.message, asking: false });
          }
        });
    }, CALM_MS);
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
  }, [asked]);
  return preview;
}

function said({ saved, said: error, asking }: Preview, trans: TranslationBundle): string {
  if (error !== '') {
    return error;
  }
  if (saved === null) {
    return asking ? trans.__('Becomes …') : '';
  }
  const number = numberText(saved.version.number);
  if (saved.unchanged) {
    return trans.__('Unchanged: the same as %1.', number);
  }
  const why = saved.reason ? `: ${saved.reason}` : '';
  return [
    trans.__('Becomes %1  %2', number, `${saved.bump || trans.__('first version')}${why}`),
    ...saved.unusual,
    ...saved.not_kept
  ].join('\n');
}

interface FieldProps {
  request: SnapshotRequest;
  trans: TranslationBundle;
  onChange(part: Partial<SnapshotRequest>): void;
}

function NumberField({ request, trans, onChange }: FieldProps): JSX.Element {
  const value = request.number !== '' ? 'number' : request.bump;
  const [typing, setTyping] = React.useState(false);
  return (
    <label>
      <span>{trans.__('Number')}</span>
      <HTMLSelect
        value={typing ? 'number' : value}
        onChange={event => {
          const chosen = event.currentTarget.value;
          setTyping(chosen === 'number');
          onChange(
            chosen === 'number'
              ? { bump: '' }
              : { bump: chosen as SnapshotRequest['bump'], number: '' }
          );
        }}
      >
        <option value="">{trans.__('derived')}</option>
        <option value="major">{trans.__('major')}</option>
        <option value="minor">{trans.__('minor')}</option>
        <option value="patch">{trans.__('patch')}</option>
        <option value="number">{trans.__('this one:')}</option>
      </HTMLSelect>
      {typing && (
        <input
          type="text"
          className="jp-snapbook-input"
          aria-label={trans.__('Number, such as 2.0.0')}
          placeholder="2.0.0"
          value={request.number}
          onChange={event => onChange({ number: event.currentTarget.value })}
        />
      )}
    </label>
  );
}

interface DataProps extends FieldProps {
  frames: readonly FrameInfo[];
  saved: Saved | null;
}

function Data({ frames, request, saved, trans, onChange }: DataProps): JSX.Element {
  const chosen = request.data ?? frames.filter(frame => frame.role).map(frame => frame.name);
  const toggle = (name: string): void =>
    onChange({
      data: chosen.includes(name) ? chosen.filter(item => item !== name) : [...chosen, name]
    });
  const count = trans._n('%1 frame', '%1 frames', chosen.length);
  const weight = saved === null ? '' : trans.__(', %1 new', sizeText(saved.new_bytes));
  return (
    <details>
      <summary>{`${trans.__('Data')}  ${count}${weight}`}</summary>
      {frames.map(frame => (
        <label key={frame.name} className="jp-snapbook-check">
          <input
            type="checkbox"
            checked={chosen.includes(frame.name)}
            onChange={() => toggle(frame.name)}
          />
          <span className="jp-snapbook-said" title={frame.type}>
            <b>{frame.name}</b> {frame.shape.map(countText).join('×')} {frame.role}
          </span>
          <span className="jp-snapbook-age">{sizeText(frame.bytes)}</span>
        </label>
      ))}
      <label>
        <span>{trans.__('Rows')}</span>
        <HTMLSelect
          value={request.rows}
          onChange={event =>
            onChange({ rows: event.currentTarget.value as SnapshotRequest['rows'] })
          }
        >
          <option value="budget">{trans.__('stored within the budget')}</option>
          <option value="always">{trans.__('stored, whatever they weigh')}</option>
          <option value="never">{trans.__('hash only')}</option>
        </HTMLSelect>
      </label>
    </details>
  );
}
