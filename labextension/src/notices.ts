/**
 * What stands between the user and the act: each state in one sentence with the one step that helps.
 *
 * Pure: from what is known to words. Which act a step is, is a command's id, so that what is not
 * there is not offered.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JsonObject, Row } from './types';
import { numberOf } from './format';
import type { Model } from './model';
import { CommandIDs } from './tokens';

/** A step: a command, or a text to copy. */
export interface Step {
  label: string;
  command?: string;
  args?: JsonObject;
  copy?: string;
}

/** One state. `code` is literal text to type. `dismiss` is its name where it can be put away. */
export interface Notice {
  key: string;
  text: string;
  code?: string;
  alert?: boolean;
  steps: Step[];
  dismiss?: string;
  /** Offer to load snapbook here always. */
  always?: boolean;
}

/** The version of the panel itself. */
export const PANEL_VERSION = '0.1.0';

/** The notices for the present state, the most pressing first. */
export function notices(model: Model, trans: TranslationBundle): Notice[] {
  const server = serverNotice(model, trans);
  const found = server === null ? placeNotices(model, trans) : [server];
  const kernel = kernelNotice(model, trans);
  return [...(kernel === null ? [] : [kernel]), ...found].filter(
    notice => notice.dismiss === undefined || !model.dismissed.has(notice.dismiss)
  );
}

function serverNotice(model: Model, trans: TranslationBundle): Notice | null {
  if (model.server === 'missing') {
    return {
      key: 'server-missing',
      text: trans.__(
        'The Jupyter server was started before snapbook was installed, or does not serve it. Restart it once to see versions here. Magics already work in notebooks: %1',
        '%load_ext snapbook'
      ),
      code: 'jupyter server extension enable snapbook.server',
      steps: [
        { label: trans.__('Copy command'), copy: 'jupyter server extension enable snapbook.server' },
        { label: trans.__('Look again'), command: CommandIDs.refresh }
      ]
    };
  }
  if (model.server === 'unreachable') {
    return {
      key: 'server-unreachable',
      text: trans.__('The Jupyter server does not answer.'),
      alert: true,
      steps: [{ label: trans.__('Look again'), command: CommandIDs.refresh }]
    };
  }
  return null;
}

function placeNotices(model: Model, trans: TranslationBundle): Notice[] {
  const found: Notice[] = [];
  const { place, about, error } = model;
  if (error !== null) {
    found.push({
      key: 'broken',
      text: [error.message, error.act].filter(Boolean).join(' '),
      alert: true,
      steps: [
        ...hintStep(model, error.hint, trans),
        { label: trans.__('Look again'), command: CommandIDs.refresh }
      ]
    });
  }
  if (about !== null && minor(about.version) !== minor(PANEL_VERSION)) {
    found.push({
      key: 'older-server',
      text: trans.__(
        'Panel %1, server %2: works; what the server does not know is hidden.',
        minor(PANEL_VERSION),
        minor(about.version)
      ),
      steps: [],
      dismiss: 'older-server'
    });
  }
  if (place === null) {
    return found;
  }
  if (!place.yours && place.why !== '') {
    found.push({
      key: 'not-yours',
      text: trans.__(
        'Versions in this folder belong to its owner. Yours go to %1.',
        place.display || place.why
      ),
      steps: [],
      dismiss: `not-yours ${place.id}`
    });
  }
  if (place.damaged.length > 0) {
    found.push({
      key: 'damaged',
      text: trans.__(
        '%1 of %2 versions cannot be read; %3 are fine.',
        place.damaged.length,
        place.versions,
        place.versions - place.damaged.length
      ),
      alert: true,
      steps: [
        { label: trans.__('Show which'), command: CommandIDs.verify },
        ...verbStep(model, 'pull', trans.__('Fetch them from team'))
      ],
      dismiss: `damaged ${place.damaged.join(' ')}`
    });
  }
  if (place.mentions.length > 0) {
    const refs = place.mentions;
    const range =
      refs.length === 1 ? refs[0] : `${refs[0]} … ${numberOf(refs[refs.length - 1])}`;
    found.push({
      key: 'mentions',
      text:
        refs.length === 1
          ? trans.__('This notebook mentions %1, which is not on this machine.', range)
          : trans.__('This notebook mentions %1, which are not on this machine.', range),
      steps: verbStep(model, 'pull', trans.__('Pull from team')),
      dismiss: `mentions ${refs.join(' ')}`
    });
  }
  return found;
}

function kernelNotice(model: Model, trans: TranslationBundle): Notice | null {
  const { kernel } = model;
  if (model.name === '') {
    return {
      key: 'no-notebook',
      text: trans.__('Open a notebook to see its versions.'),
      steps: [{ label: trans.__('All models in this folder'), command: CommandIDs.allModels }],
      dismiss: 'no-notebook'
    };
  }
  if (kernel === null || kernel.state === 'asking') {
    return null;
  }
  if (kernel.forgot && kernel.state !== 'ready' && kernel.state !== 'not-installed') {
    return {
      key: 'forgot',
      text: trans.__('A cell wants %1, and snapbook is not loaded in this kernel.', '%%version_model'),
      steps: [
        {
          label: trans.__('Load snapbook in this kernel and run the cell'),
          command: CommandIDs.load,
          args: { run: true }
        }
      ]
    };
  }
  const newest = model.listing.rows.find(row => row.model === model.model);
  if (kernel.restarted && newest !== undefined && kernel.state !== 'none') {
    return restartedNotice(newest, trans);
  }
  switch (kernel.state) {
    case 'none':
      return {
        key: 'no-kernel',
        text: trans.__(
          'Kernel not started. Versions can be read; Snapshot and Restore need a kernel.'
        ),
        steps: [{ label: trans.__('Start kernel'), command: CommandIDs.startKernel }]
      };
    case 'other-language':
      return {
        key: 'other-language',
        text: trans.__(
          'This kernel runs %1. Versions can be read; Snapshot and Restore need Python.',
          kernel.probed?.language ?? ''
        ),
        steps: [],
        dismiss: 'other-language'
      };
    case 'not-installed':
      return {
        key: 'not-installed',
        text: trans.__('This kernel (%1) has no snapbook. In a cell:', environment(model)),
        code: '%pip install snapbook',
        steps: [{ label: trans.__('Copy'), copy: '%pip install snapbook' }]
      };
    case 'not-loaded':
      return {
        key: 'not-loaded',
        text: trans.__('snapbook is not loaded in this kernel.'),
        steps: [{ label: trans.__('Load'), command: CommandIDs.load }],
        always: true
      };
    default:
      return otherHost(model, trans);
  }
}

function restartedNotice(newest: Row, trans: TranslationBundle): Notice {
  return {
    key: 'restarted',
    text: trans.__(
      'The kernel was restarted: the model is gone from memory; newest version %1 is safe.',
      numberOf(newest.ref)
    ),
    steps: [
      { label: trans.__('Restore model'), command: CommandIDs.restore, args: { ref: newest.ref } },
      { label: trans.__('Dismiss'), command: CommandIDs.dismissRestart }
    ]
  };
}

function otherHost(model: Model, trans: TranslationBundle): Notice | null {
  const there = model.kernel?.status?.host ?? '';
  const here = model.about?.host ?? '';
  if (there === '' || here === '' || there === here) {
    return null;
  }
  return {
    key: 'other-host',
    text: trans.__('Kernel runs on %1; its repository is not visible here.', there),
    steps: [{ label: trans.__('Show what the kernel sees'), command: CommandIDs.kernelList }]
  };
}

function environment(model: Model): string {
  return model.kernel?.probed?.environment ?? '';
}

function minor(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** A step for a verb, where the server has that verb. */
export function verbStep(model: Model, name: string, label: string, args: string[] = []): Step[] {
  return model.verbs.some(verb => verb.name === name)
    ? [{ label, command: CommandIDs.verb(name), args: { args } }]
    : [];
}

function hintStep(
  model: Model,
  hint: { verb: string; args: string[] } | null,
  trans: TranslationBundle
): Step[] {
  return hint === null
    ? []
    : verbStep(model, hint.verb, trans.__('Run: snapbook %1', hint.verb), hint.args);
}
