/**
 * What the pages need of the server: the client's answers, without its transport.
 *
 * The client satisfies it by shape; a test gives plain functions.
 */
import type {
  CellRow,
  Compared,
  Hint,
  Page,
  Query,
  Row,
  StoredOutput,
  Version
} from '../types';

/** The requests that the version page, the diff tab and the card make. */
export interface Source {
  version(path: string, ref: string): Promise<Version>;
  versions(query: Query): Promise<Page>;
  pins(path: string, model: string): Promise<Row[]>;
  cells(path: string, ref: string): Promise<CellRow[]>;
  output(path: string, ref: string, cell: number | string, at: number): Promise<StoredOutput>;
  diff(path: string, older: string, newer?: string): Promise<Compared>;
  file(path: string, ref: string, name: string): Promise<string>;
}

/** Why a request did not answer, in one sentence; `hint` is the act that helps. */
export interface Failure {
  kind: string;
  message: string;
  hint: Hint | null;
  status: number;
}

/** What was thrown, as a Failure. */
export function failure(reason: unknown): Failure {
  const given: { kind?: unknown; message?: unknown; hint?: unknown; status?: unknown } =
    typeof reason === 'object' && reason !== null ? reason : { message: reason };
  return {
    kind: typeof given.kind === 'string' ? given.kind : 'internal',
    message: typeof given.message === 'string' ? given.message : String(given.message),
    hint: isHint(given.hint) ? given.hint : null,
    status: typeof given.status === 'number' ? given.status : 0
  };
}

function isHint(value: unknown): value is Hint {
  const given = value as Partial<Hint> | null | undefined;
  return typeof given === 'object' && typeof given?.verb === 'string' && Array.isArray(given.args);
}
