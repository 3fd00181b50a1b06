/**
 * Renders the output of `%%version_model` from the server: as the version is now, not as it was.
 *
 * The output holds a reference and a digest only. Until the server has answered, and wherever it
 * cannot, the text of the same output stands there.
 */
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { Client } from '../client';
import { failure } from '../common/source';
import { inline } from '../common/text';
import { jupyterServer } from '../reach';
import { DOMAIN } from '../tokens';
import { CARD_MIME } from '../types';
import { Card, CardActs, CardState } from './card';
import { CardHost, withHost } from './host';
import { Known } from './known';

const client = new Client(jupyterServer(ServerConnection.makeSettings()));
const known = new Known((path, ref) => client.row(path, ref));

/** One card in the output of a cell. */
export class CardRenderer extends ReactWidget implements IRenderMime.IRenderer {
  constructor(options: IRenderMime.IRendererOptions) {
    super();
    this._trans = (options.translator ?? nullTranslator).load(DOMAIN);
    this._resolver = options.resolver;
    this.addClass('jp-snapbook-CardOutput');
    this._release = withHost(host => this._adopt(host));
  }

  /** Show the output's text, then what the server tells. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const card = cardOf(model.data[CARD_MIME]);
    const text = model.data['text/plain'];
    this._text = typeof text === 'string' ? text : Array.isArray(text) ? text.join('') : '';
    this._reference = card.ref;
    this._digest = card.digest;
    this._state = { state: 'text' };
    this._stale = true;
    this._changed.emit();
    this.update();
    // The answer comes later: a cell's output must not wait for it.
    void this._look();
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._release();
    this._watch.disconnect();
    Signal.clearData(this);
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._watch.observe(this.node);
  }

  protected override onBeforeDetach(message: Message): void {
    this._watch.unobserve(this.node);
    this._visible = false;
    super.onBeforeDetach(message);
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this._changed}>
        {() => (
          <Card
            reference={this._reference}
            text={inlineLines(this._text)}
            state={this._state}
            acts={this._acts()}
            trans={this._trans}
          />
        )}
      </UseSignal>
    );
  }

  private _adopt(host: CardHost): void {
    this._host = host;
    this._stale = true;
    host.changed.connect(this._onChanged, this);
    this._changed.emit();
    void this._look();
  }

  private _onChanged(): void {
    known.forget();
    this._stale = true;
    void this._look();
  }

  /** Ask the server, once the card is seen: a notebook may hold a hundred of them. */
  private async _look(): Promise<void> {
    if (this._digest === '' || !this._visible || !this._stale) {
      return;
    }
    this._stale = false;
    const turn = ++this._turn;
    let state: CardState;
    try {
      state = { state: 'here', row: await known.row(this._path(), this._digest) };
    } catch (reason) {
      state = this._told(reason);
    }
    if (turn === this._turn && !this.isDisposed) {
      this._state = state;
      this._changed.emit();
    }
  }

  /** Why the version is not shown; where our server part is missing the text says all there is. */
  private _told(reason: unknown): CardState {
    const { kind, status } = failure(reason);
    if (kind === 'server-missing' || kind === 'unreachable' || status === 403) {
      return { state: 'text' };
    }
    if (status === 404) {
      const said = inline(this._reference, 80);
      return { state: 'absent', problem: this._trans.__('%1 is not on this machine.', said) };
    }
    return { state: 'absent', problem: failure(reason).message };
  }

  private _acts(): CardActs | null {
    const host = this._host;
    if (host === null || this._state.state !== 'here') {
      return null;
    }
    const { row } = this._state;
    const path = this._path();
    return {
      open: () => host.actions.openVersion(path, row.ref),
      diff: () => host.actions.openDiff(path, row.previous?.ref ?? row.ref, row.ref),
      restore: () => host.actions.restore?.(path, row.ref),
      note: () => host.actions.note?.(path, row.ref),
      notThis: () => host.notThisModel(path, row.ref)
    };
  }

  private _path(): string {
    const told = this._host?.pathOf(this.node) ?? '';
    // Lab's own resolver knows the document's path, though its interface does not say so.
    const resolver = this._resolver as { path?: unknown } | null;
    return told || (typeof resolver?.path === 'string' ? resolver.path : '');
  }

  private _host: CardHost | null = null;
  private _visible = false;
  private _stale = true;
  private _state: CardState = { state: 'text' };
  private _text = '';
  private _reference = '';
  private _digest = '';
  private _turn = 0;
  private readonly _trans: TranslationBundle;
  private readonly _resolver: IRenderMime.IResolver | null;
  private readonly _release: () => void;
  private readonly _watch = new IntersectionObserver(entries => {
    this._visible = entries[entries.length - 1].isIntersecting;
    void this._look();
  });
  private readonly _changed = new Signal<this, void>(this);
}

/** The facts of a card's output; empty ones for anything else. */
export function cardOf(value: unknown): { ref: string; digest: string } {
  const given = (typeof value === 'object' && value !== null ? value : {}) as {
    ref?: unknown;
    digest?: unknown;
  };
  const digest = typeof given.digest === 'string' ? given.digest : '';
  return {
    ref: typeof given.ref === 'string' ? given.ref : '',
    // The digest becomes a reference in a request: nothing else may.
    digest: /^[0-9a-f]{64}$/.test(digest) ? digest : ''
  };
}

function inlineLines(text: string): string {
  return text
    .split('\n')
    .slice(0, 40)
    .map(line => inline(line, 400))
    .join('\n');
}
