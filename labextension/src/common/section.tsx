/** A section that folds under its heading; whether it is open is remembered by the folds. */
import * as React from 'react';

import type { Folds } from './folds';

/** One section. `key` of the fold is the id without the page's prefix. */
export function Section(props: {
  /** Unique in the document. */
  id: string;
  fold: string;
  title: string;
  /** What is in it, in few words, shown also while it is folded. */
  note?: React.ReactNode;
  folds: Folds;
  usually: boolean;
  level?: 2 | 3;
  children: () => React.ReactNode;
}): JSX.Element {
  const open = props.folds.isOpen(props.fold, props.usually);
  const Heading = props.level === 3 ? 'h3' : 'h2';
  return (
    <section className="jp-snapbook-Section" aria-labelledby={`${props.id}-title`} id={props.id}>
      <Heading className="jp-snapbook-Section-title">
        <button
          type="button"
          id={`${props.id}-title`}
          aria-expanded={open}
          aria-controls={`${props.id}-body`}
          onClick={() => props.folds.set(props.fold, !open)}
        >
          <span aria-hidden="true" className="jp-snapbook-Fold">
            {open ? '▾' : '▸'}
          </span>
          {props.title}
        </button>
        {props.note !== undefined && <span className="jp-snapbook-Section-note">{props.note}</span>}
      </Heading>
      <div id={`${props.id}-body`} className="jp-snapbook-Section-body" hidden={!open}>
        {open && props.children()}
      </div>
    </section>
  );
}

/** Something smaller that folds: a button and what it shows. Not remembered. */
export function Disclosure(props: {
  label: React.ReactNode;
  name?: string;
  open?: boolean;
  children: () => React.ReactNode;
}): JSX.Element {
  const [open, setOpen] = React.useState(props.open ?? false);
  const id = React.useId();
  return (
    <div className="jp-snapbook-Disclosure">
      <button
        type="button"
        className="jp-snapbook-Link"
        aria-expanded={open}
        aria-controls={id}
        aria-label={props.name}
        onClick={() => setOpen(!open)}
      >
        <span aria-hidden="true" className="jp-snapbook-Fold">
          {open ? '▾' : '▸'}
        </span>
        {props.label}
      </button>
      <div id={id} hidden={!open}>
        {open && props.children()}
      </div>
    </div>
  );
}
