/**
 * Our verbs in a notebook's kernel: what is there, and asking it without a trace.
 *
 * Requests are silent and leave no history: neither `_`, `Out` nor the cell numbers move, and
 * snapbook's own log of cells does not see them. Knows the wire, not the panel.
 */
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { hintOf } from './client';
import type { Hint, Json, JsonObject, KernelStatus } from './types';

/** What a kernel has of snapbook. */
export interface Probe {
  language: string;
  installed: boolean;
  loaded: boolean;
  host: string;
  /** The environment's folder name, such as ml39. */
  environment: string;
}

/** One sentence of a verb that did not do its work in the kernel. */
export class VerbError extends Error {
  constructor(
    readonly kind: string,
    message: string,
    readonly hint: Hint | null = null
  ) {
    super(message);
    this.name = 'VerbError';
  }
}

const MODULES = "__import__('sys').modules";
/** Plain expressions: they bind nothing and import nothing of ours. */
const PROBE = {
  loaded: `getattr(${MODULES}.get('snapbook.kernel'), 'running', lambda: None)() is not None`,
  installed: "__import__('importlib.util').util.find_spec('snapbook') is not None",
  host: "__import__('socket').gethostname()",
  environment: "__import__('os').path.basename(__import__('sys').prefix)"
};

/** What `kernel` has of snapbook. Another language than Python is not asked. */
export async function probe(kernel: Kernel.IKernelConnection): Promise<Probe> {
  const info = await kernel.info;
  const language = info.language_info.name;
  const none = { language, installed: false, loaded: false, host: '', environment: '' };
  if (language !== 'python') {
    return none;
  }
  const future = kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    stop_on_error: false,
    user_expressions: PROBE
  });
  const reply = await future.done;
  if (reply.content.status !== 'ok') {
    return none;
  }
  const found = reply.content.user_expressions as JsonObject;
  return {
    language,
    installed: expression(found.installed) === 'True',
    loaded: expression(found.loaded) === 'True',
    host: unquoted(expression(found.host)),
    environment: unquoted(expression(found.environment))
  };
}

function expression(value: Json | undefined): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return '';
  }
  const data = value.data;
  const text =
    data !== null && typeof data === 'object' && !Array.isArray(data) ? data['text/plain'] : '';
  return typeof text === 'string' ? text : '';
}

function unquoted(text: string): string {
  return text.replace(/^'(.*)'$/s, '$1');
}

/** A word as `%snapbook` reads it back (shell-like quoting on one line). */
export function quoted(word: string): string {
  const line = word.replace(/[\r\n]+/g, ' ');
  return /^[\w@%+=:,./~-]+$/.test(line) ? line : `'${line.replace(/'/g, `'"'"'`)}'`;
}

/** The line that runs a verb and answers with JSON. */
export function verbLine(name: string, words: readonly string[]): string {
  return ['%snapbook', name, ...words.map(quoted), '--json'].join(' ');
}

/**
 * Run a verb in the kernel; resolves with its value as JSON.
 * Rejects with VerbError: the verb's own sentence, or what the kernel said.
 */
export async function verb(
  kernel: Kernel.IKernelConnection,
  name: string,
  words: readonly string[] = []
): Promise<Json> {
  const texts: string[] = [];
  const reply = await run(kernel, verbLine(name, words), texts);
  const last = texts[texts.length - 1];
  if (last === undefined) {
    throw failed(reply, name);
  }
  let value: Json;
  try {
    value = JSON.parse(last) as Json;
  } catch {
    throw new VerbError('not-loaded', last.split('\n')[0] || failed(reply, name).message);
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const error = value.error;
    if (error !== null && typeof error === 'object' && !Array.isArray(error)) {
      throw verbError(error);
    }
  }
  return value;
}

/** Run code without a trace, for what is no verb: `%load_ext snapbook`. */
export async function silently(kernel: Kernel.IKernelConnection, code: string): Promise<void> {
  const reply = await run(kernel, code, []);
  if (reply.content.status !== 'ok') {
    throw failed(reply, code);
  }
}

async function run(
  kernel: Kernel.IKernelConnection,
  code: string,
  texts: string[]
): Promise<KernelMessage.IExecuteReplyMsg> {
  const future = kernel.requestExecute({
    code,
    silent: true,
    store_history: false,
    stop_on_error: false,
    allow_stdin: false
  });
  const streams: string[] = [];
  future.onIOPub = message => {
    const { msg_type: kind } = message.header;
    if (kind === 'display_data' || kind === 'update_display_data') {
      const data = (message as KernelMessage.IDisplayDataMsg).content.data;
      const text = data['text/plain'];
      texts.push(Array.isArray(text) ? text.join('') : String(text ?? ''));
    } else if (kind === 'stream') {
      streams.push((message as KernelMessage.IStreamMsg).content.text);
    }
  };
  const reply = await future.done;
  if (texts.length === 0 && streams.length > 0 && reply.content.status === 'ok') {
    texts.push(streams.join('').trim());
  }
  return reply;
}

function failed(reply: KernelMessage.IExecuteReplyMsg, name: string): VerbError {
  const content = reply.content;
  if (content.status === 'error') {
    return content.ename === 'KeyboardInterrupt'
      ? new VerbError('interrupted', 'Stopped: interrupted.')
      : new VerbError('kernel', `${content.ename}: ${content.evalue}`);
  }
  return content.status === 'aborted'
    ? new VerbError('interrupted', 'Stopped: the kernel dropped it.')
    : new VerbError('kernel', `${name} gave no answer.`);
}

function verbError(error: JsonObject): VerbError {
  const [what, why, act] = [error.what, error.why, error.act].map(word =>
    typeof word === 'string' ? word : ''
  );
  const sentence = why ? `${what}: ${why}` : what;
  const hint = hintOf(error.hint);
  const typed = typeof error.hint === 'string' ? error.hint : '';
  const said = /[.?]$/.test(sentence) ? sentence : `${sentence}.`;
  const tail = hint === null && (act || typed) ? ` ${[act, typed].filter(Boolean).join(': ')}` : '';
  return new VerbError(typeof error.kind === 'string' ? error.kind : 'kernel', said + tail, hint);
}

/** The answer of `status` in a kernel; null where this kernel's snapbook is too old to tell. */
export function kernelStatus(value: Json): KernelStatus | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return null;
  }
  const found = value.kernel;
  if (found === null || typeof found !== 'object' || Array.isArray(found)) {
    return null;
  }
  return found as unknown as KernelStatus;
}
