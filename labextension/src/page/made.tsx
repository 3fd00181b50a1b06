/** What it was made with and what it consists of: environment, structure, files, events. */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { OnRequest } from '../common/request';
import { Moment, Said } from '../common/said';
import { inline } from '../common/text';
import { Disclosure } from '../common/section';
import { asList, asNumber, asObject, asText, nameText, valueText } from '../common/values';
import { countText, sizeText } from '../format';
import type { Json, JsonObject, Part, Version } from '../types';
import { FileFacts, filesOf } from './facts';
import { LongText } from './output';
import { Pairs } from './results';

/** Files whose text the server gives. */
const LARGEST_FILE = 1_000_000;

/** Python, machine and the packages that were in use. */
export function Environment(props: { part: Part; trans: TranslationBundle }): JSX.Element {
  const { facts } = props.part;
  const { trans } = props;
  const python = asObject(facts['python']);
  const cpu = asObject(facts['cpu']);
  const git = asObject(facts['git']);
  const platform = asObject(facts['platform']);
  const told: JsonObject = {
    [trans.__('Python')]: `${asText(python['implementation'])} ${asText(python['version'])}`,
    [trans.__('Kernel')]: facts['kernel'] ?? '',
    [trans.__('System')]: ['system', 'release', 'machine', 'libc']
      .map(name => asText(platform[name]))
      .join(' '),
    [trans.__('CPU')]: trans.__('%1, %2 cores', asText(cpu['model']), asNumber(cpu['count']) ?? 0)
  };
  const gpus = asList(facts['gpu']).map(one => asText(asObject(one)['name']));
  if (gpus.length > 0) {
    told[trans.__('GPU')] = gpus.join(', ');
  }
  if (asText(git['commit'])) {
    const dirty = git['dirty'] === true ? trans.__('with changes') : '';
    told[trans.__('Git')] = `${asText(git['commit']).slice(0, 10)} ${dirty}`.trim();
  }
  const used = asObject(facts['imported']);
  const count = asNumber(facts['installed_count']) ?? 0;
  return (
    <>
      <Pairs values={told} label={trans.__('Machine')} />
      <h3>{trans._n('%1 package in use', '%1 packages in use', Object.keys(used).length)}</h3>
      <Pairs values={used} label={trans.__('Packages in use')} />
      <p className="jp-snapbook-Quiet">{trans.__('%1 installed in all', countText(count))}</p>
    </>
  );
}

/** What the model consists of, takes and gives, and what loading it would run. */
export function Structure(props: { part: Part; trans: TranslationBundle }): JSX.Element {
  const { facts } = props.part;
  const { trans } = props;
  const imports = asList(facts['imports']).map(asText);
  const inputs = asList(facts['inputs']).map(asObject);
  const outputs = asList(facts['outputs']).map(asObject);
  const head: JsonObject = {
    [trans.__('Class')]: facts['class_name'] ?? '',
    [trans.__('Framework')]:
      `${asText(facts['framework'])} ${asText(facts['framework_version'])}`.trim(),
    [trans.__('Stored')]: sizeText(asNumber(facts['stored_bytes']) ?? 0),
    [trans.__('Loading')]:
      facts['executes'] === true
        ? trans.__('runs code: it is loaded only if you trust its author')
        : trans.__('runs no code')
  };
  return (
    <>
      <Pairs values={head} label={trans.__('Model')} />
      <Tree value={asObject(facts['structure'])} label={trans.__('Structure')} depth={0} />
      <Fields fields={inputs} title={n => trans._n('%1 input', '%1 inputs', n)} />
      <Fields fields={outputs} title={n => trans._n('%1 output', '%1 outputs', n)} />
      {imports.length > 0 && (
        <Disclosure label={trans._n('loading imports %1 name', 'loading imports %1 names', imports.length)}>
          {() => <Names names={imports} />}
        </Disclosure>
      )}
    </>
  );
}

const DEEPEST = 6;

function Tree(props: { value: JsonObject; label: string; depth: number }): JSX.Element | null {
  const entries = Object.entries(props.value);
  if (entries.length === 0) {
    return null;
  }
  const flat: JsonObject = {};
  const nested: [string, JsonObject][] = [];
  for (const [name, value] of entries) {
    const inside = asObject(value);
    if (Object.keys(inside).length > 0 && props.depth < DEEPEST) {
      nested.push([name, inside]);
    } else {
      flat[name] = value;
    }
  }
  return (
    <>
      <Pairs values={flat} label={props.label} />
      {nested.map(([name, value]) => (
        <div key={name} className="jp-snapbook-Tree" role="group" aria-label={inline(name, 80)}>
          <strong>
            <Said text={name} longest={80} />
          </strong>
          <Tree value={value} label={name} depth={props.depth + 1} />
        </div>
      ))}
    </>
  );
}

function Fields(props: {
  fields: readonly JsonObject[];
  title: (count: number) => string;
}): JSX.Element | null {
  const { fields, title } = props;
  if (fields.length === 0) {
    return null;
  }
  const values: { [name: string]: Json } = {};
  for (const field of fields) {
    const { name, ...rest } = field;
    values[nameText(name)] = valueText(rest);
  }
  return (
    <Disclosure label={title(fields.length)}>
      {() => <Pairs values={values} label={title(fields.length)} />}
    </Disclosure>
  );
}

function Names(props: { names: readonly string[] }): JSX.Element {
  return (
    <ul className="jp-snapbook-Plain">
      {props.names.map((name, at) => (
        <li key={at}>
          <code>
            <Said text={name} longest={160} />
          </code>
        </li>
      ))}
    </ul>
  );
}

/** Files: attached, local modules, read. Texts that are kept are shown on request. */
export function Files(props: {
  parts: readonly Part[];
  fetchFile: (name: string) => Promise<string>;
  trans: TranslationBundle;
}): JSX.Element {
  const { parts, fetchFile, trans } = props;
  const titles: { [name: string]: string } = {
    attachments: trans.__('Attached'),
    modules: trans.__('Local modules'),
    read: trans.__('Read by the cells')
  };
  const groups = parts.map(part => ({ part, files: filesOf(part) }));
  if (groups.every(({ files }) => files.length === 0)) {
    return <p className="jp-snapbook-Quiet">{trans.__('No files were attached or read.')}</p>;
  }
  return (
    <>
      {groups
        .filter(({ files }) => files.length > 0)
        .map(({ part, files }) => (
          <div key={part.name}>
            <h3>
              <Said text={titles[part.name] ?? part.name} longest={60} />
            </h3>
            <ul className="jp-snapbook-Plain">
              {files.map(file => (
                <li key={file.path}>
                  <OneFile file={file} fetchFile={fetchFile} trans={trans} />
                </li>
              ))}
            </ul>
          </div>
        ))}
    </>
  );
}

function OneFile(props: {
  file: FileFacts;
  fetchFile: (name: string) => Promise<string>;
  trans: TranslationBundle;
}): JSX.Element {
  const { file, fetchFile, trans } = props;
  const isText = file.kept && file.size <= LARGEST_FILE && !/^(image|audio|video)\//.test(file.type);
  return (
    <>
      <code>
        <Said text={file.path} longest={120} />
      </code>{' '}
      <span className="jp-snapbook-Quiet">
        {sizeText(file.size)}
        {file.kept ? '' : ` · ${trans.__('digest only')}`}
        {file.outside ? ` · ${trans.__('outside of the project')}` : ''}
      </span>{' '}
      {isText && (
        <OnRequest
          label={trans.__('show')}
          name={trans.__('Show %1', inline(file.path, 120))}
          ask={() => fetchFile(file.path)}
          trans={trans}
        >
          {text => <LongText text={text} code={file.path.endsWith('.py')} trans={trans} />}
        </OnRequest>
      )}
    </>
  );
}

/** Who did what when, newest first, with the notes among it. */
export function Events(props: { version: Version; trans: TranslationBundle }): JSX.Element {
  const { version, trans } = props;
  const words: { [kind: string]: string } = {
    made: trans.__('made'),
    version: trans.__('made'),
    tag: trans.__('tagged'),
    note: trans.__('noted'),
    alias: trans.__('alias moved'),
    rename: trans.__('renamed'),
    delete: trans.__('deleted')
  };
  return (
    <ol className="jp-snapbook-Events">
      {[...version.events].reverse().map(event => (
        <li key={event.n}>
          <Moment time={event.time} /> <Said text={event.author} longest={60} />{' '}
          <strong>
            <Said text={words[event.kind] ?? event.kind} longest={30} />
          </strong>{' '}
          <Said text={event.text} longest={1000} />
        </li>
      ))}
    </ol>
  );
}
