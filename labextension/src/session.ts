/**
 * The kernel of the active notebook, as the panel has to know it.
 *
 * Follows one session: whether there is a kernel, whether it has snapbook, what could be versioned
 * there. Asks only after something happened (a cell ran, a kernel came), never on a clock. Our own
 * requests are silent and announce no input, so that they are not mistaken for a cell.
 */
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';
import { kernelStatus, probe, verb, type Probe } from './kernel';
import { CARD_MIME, type Carded, type Json, type KernelStatus, type Row } from './types';

/** What there is of a kernel. "asking": not known yet. */
export type KernelState =
  | 'none'
  | 'asking'
  | 'other-language'
  | 'not-installed'
  | 'not-loaded'
  | 'ready';

/** What IPython says where snapbook is not loaded. */
const FORGOT = /[Mm]agic(?: function)? `%%?version_model` not found/;

/** A burst of cells is asked about once, this long after the last. */
const CALM_MS = 120;

export class KernelSide {
  state: KernelState = 'none';
  busy = false;
  probed: Probe | null = null;
  status: KernelStatus | null = null;
  /** A model, or cells that may have made one, went with a restart of the kernel. */
  restarted = false;
  /** A cell wanted our magic, and it was not there. */
  forgot = false;
  /** The number of the cell that runs, 0 for none. */
  runs = 0;

  private ran = true;
  /** Cells were executed since the kernel was last asked. */
  private executed = false;
  private asked = 0;
  private timer = 0;
  private readonly changed_ = new Signal<this, void>(this);
  private readonly carded_ = new Signal<this, Carded>(this);

  constructor(private readonly context: ISessionContext) {
    context.statusChanged.connect(this.onStatus, this);
    context.kernelChanged.connect(this.onKernel, this);
    context.iopubMessage.connect(this.onMessage, this);
    this.begin();
  }

  /** Emits when any of the fields changed. */
  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  /** Emits a version as soon as its card is published. */
  get carded(): ISignal<this, Carded> {
    return this.carded_;
  }

  get kernel(): Kernel.IKernelConnection | null {
    return this.context.session?.kernel ?? null;
  }

  dispose(): void {
    window.clearTimeout(this.timer);
    this.asked += 1;
    Signal.clearData(this);
  }

  /** Run a verb in the kernel. Rejects with VerbError. */
  async verb(name: string, words: readonly string[] = []): Promise<Json> {
    const kernel = this.kernel;
    if (kernel === null) {
      throw new Error('There is no kernel.');
    }
    return verb(kernel, name, words);
  }

  /** Ask the kernel again what it has. */
  async refresh(): Promise<void> {
    const kernel = this.kernel;
    const asked = ++this.asked;
    if (kernel === null || kernel.status === 'dead') {
      this.settle('none');
      return;
    }
    try {
      if (this.state !== 'ready') {
        const found = await probe(kernel);
        if (asked !== this.asked) {
          return;
        }
        this.probed = found;
        if (!found.loaded) {
          this.settle(stateOf(found));
          return;
        }
      }
      const status = kernelStatus(await verb(kernel, 'status'));
      if (asked === this.asked) {
        this.status = status;
        this.executed = false;
        this.forgot = false;
        this.settle('ready');
      }
    } catch {
      // The kernel went away or its snapbook was unloaded: look again from the beginning.
      if (asked === this.asked) {
        const wasReady = this.state === 'ready';
        this.settle(this.kernel === null ? 'none' : 'not-loaded');
        if (wasReady && this.kernel !== null) {
          this.later();
        }
      }
    }
  }

  /** The user saw that the kernel was restarted. */
  dismissRestart(): void {
    this.restarted = false;
    this.changed_.emit();
  }

  /** Look at the kernel from the beginning. */
  begin(): void {
    const kernel = this.kernel;
    this.status = null;
    this.probed = null;
    this.forgot = false;
    this.ran = true;
    this.busy = kernel?.status === 'busy';
    this.settle(kernel === null ? 'none' : 'asking');
    if (kernel !== null) {
      this.later();
    }
  }

  private settle(state: KernelState): void {
    this.state = state;
    if (state !== 'ready') {
      this.status = null;
    }
    this.changed_.emit();
  }

  private later(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.ran = false;
      void this.refresh();
    }, CALM_MS);
  }

  private onKernel(): void {
    this.begin();
  }

  private onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting') {
      this.restarted ||= this.executed || holdsModel(this.status);
      this.executed = false;
      this.begin();
      window.clearTimeout(this.timer);
      return;
    }
    const busy = status === 'busy';
    const turned = busy !== this.busy;
    this.busy = busy;
    if (status === 'dead' || status === 'terminating') {
      this.settle('none');
    } else if (!busy && (this.ran || this.state === 'none')) {
      this.runs = 0;
      this.later();
    }
    if (turned) {
      this.changed_.emit();
    }
  }

  private onMessage(_: ISessionContext, message: KernelMessage.IMessage): void {
    const kind = message.header.msg_type;
    if (kind === 'execute_input') {
      this.ran = true;
      this.executed = true;
      this.runs = (message as KernelMessage.IExecuteInputMsg).content.execution_count ?? 0;
    } else if (kind === 'display_data' || kind === 'update_display_data') {
      const { data, transient } = (message as KernelMessage.IDisplayDataMsg).content;
      const card = data[CARD_MIME];
      if (card !== undefined) {
        const beside = transient as { snapbook?: Row } | undefined;
        this.carded_.emit({ ref: refOf(card as Json), row: beside?.snapbook ?? null });
      }
    } else if (kind === 'stream' || kind === 'error') {
      const content = message.content as { text?: string; evalue?: string };
      if (FORGOT.test(content.text ?? content.evalue ?? '')) {
        this.forgot = true;
        this.changed_.emit();
      }
    }
  }
}

function stateOf(found: Probe): KernelState {
  if (found.language !== 'python') {
    return 'other-language';
  }
  return found.installed ? 'not-loaded' : 'not-installed';
}

function holdsModel(status: KernelStatus | null): boolean {
  return (
    status !== null &&
    (status.parent !== '' || status.candidates.some(({ fitted }) => fitted !== false))
  );
}

function refOf(card: Json): string {
  return card !== null && typeof card === 'object' && !Array.isArray(card)
    ? String(card.ref ?? '')
    : '';
}
