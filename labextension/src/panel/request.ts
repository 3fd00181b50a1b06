/** What the form asks for before anything was changed in it. Pure. */
import type { Wrong } from '../model';
import type { KernelStatus } from '../types';
import type { SnapshotRequest } from './acts';

/** What the form is opened with. */
export interface Opened {
  status: KernelStatus;
  rows: SnapshotRequest['rows'];
  /** The version that kept the wrong variable; null where the form is just open. */
  wrong: Wrong | null;
}

/** What the form opens with: what the kernel suggests, or the first other one that is fitted. */
export function initial(opened: Opened): SnapshotRequest {
  const { status, rows, wrong } = opened;
  const other = status.candidates.find(
    ({ variable, fitted }) => fitted !== false && variable !== wrong?.variable
  );
  return {
    name: wrong === null ? status.name : wrong.ref.replace(/:[^:]*$/, ''),
    variable: wrong === null ? status.variable : (other?.variable ?? ''),
    message: '',
    bump: '',
    number: '',
    data: null,
    rows,
    tags: [],
    attach: []
  };
}
