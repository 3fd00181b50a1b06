/**
 * What the panel is about: the notebook in front with its kernel and the one act that waits for
 * that, else the folder that is browsed. Emits; asks nobody for versions.
 */
import type { ISessionContext } from '@jupyterlab/apputils';
import { Signal, type ISignal } from '@lumino/signaling';
import { Queue } from './queue';
import { KernelSide } from './session';
import type { Carded } from './types';

/** The notebook that is followed: where it is and its session. */
export interface Followed {
  path: string;
  name: string;
  context: ISessionContext;
}

export class Following {
  kernel: KernelSide | null = null;
  readonly queue = new Queue();

  private notebook: Followed | null = null;
  private folder = '';
  private readonly changed_ = new Signal<this, void>(this);
  private readonly carded_ = new Signal<this, Carded>(this);

  constructor() {
    this.queue.changed.connect(() => this.changed_.emit());
  }

  /** Emits when something of the kernel or of what waits for it changed. */
  get changed(): ISignal<this, void> {
    return this.changed_;
  }

  /** Emits a version as soon as the kernel publishes its card. */
  get carded(): ISignal<this, Carded> {
    return this.carded_;
  }

  /** The path that the server is asked with: the notebook's, else the folder's. */
  get path(): string {
    return this.notebook?.path ?? this.folder;
  }

  /** The notebook's file name, "" for none. */
  get name(): string {
    return this.notebook?.name ?? '';
  }

  /** Follow another notebook, or none. Whether that is elsewhere. */
  follow(notebook: Followed | null): boolean {
    const before = this.notebook;
    this.notebook = notebook;
    if (notebook?.context !== before?.context) {
      this.kernel?.dispose();
      this.queue.cancel();
      this.kernel = notebook === null ? null : new KernelSide(notebook.context);
      this.kernel?.changed.connect(this.onKernel, this);
      this.kernel?.carded.connect((_, card) => this.carded_.emit(card));
      this.onKernel();
    }
    return notebook?.path !== before?.path;
  }

  /** The folder to look at while there is no notebook. Whether that is elsewhere now. */
  lookInto(folder: string): boolean {
    const moved = folder !== this.folder;
    this.folder = folder;
    return moved && this.notebook === null;
  }

  /** Start the kernel of the notebook. Whether the user has to say which. */
  async startKernel(): Promise<boolean> {
    const asks = (await this.notebook?.context.startKernel()) ?? false;
    this.kernel?.begin();
    return asks;
  }

  private onKernel(): void {
    this.queue.setIdle(this.kernel !== null && !this.kernel.busy);
    this.changed_.emit();
  }
}
