/**
 * What is deployed under an alias: where it stands in one sentence, how far, what would take it back,
 * what can be done, what was live. Only where something is deployed. Functions of props; the panel of
 * the sidebar and the page of a registry show the same.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Folds } from '../common/folds';
import { Moment, Trouble } from '../common/said';
import { Disclosure } from '../common/section';
import { inline } from '../common/text';
import { valueText } from '../format';
import { Acts, Button } from './acts';
import { Banner } from './banner';
import type { Act, Production } from './model';
import { Rules } from './rules';
import { Stays } from './stays';
import { Steps } from './steps';
import type { Deployed, Front } from './types';
import { drillText, isUnderWay, outcomeText, shadowText, shortRef } from './words';

export interface ProductionProps {
  production: Production;
  folds: Folds;
  now: number;
  can(verb: Act['verb']): boolean;
  trans: TranslationBundle;
  onOpen(ref: string): void;
  /** How servers elsewhere call the registry that this is of, "" for a project. */
  registry?: string;
  /** What was watched of the model, where that can be shown. */
  onMonitor?(): void;
}

/** One section for each alias under which something is deployed. */
export function ProductionView(props: ProductionProps): JSX.Element | null {
  const { production } = props;
  return production.told.length === 0 ? null : (
    <div className="jp-snapbook-Production" tabIndex={-1}>
      {production.told.map(told => (
        <One key={`${told.model} ${told.alias}`} {...props} told={told} />
      ))}
    </div>
  );
}

function One(props: ProductionProps & { told: Deployed }): JSX.Element {
  const { told, production, folds, now, trans } = props;
  const { alias, model, sentence, rollout } = told;
  const id = React.useId();
  const fold = `deployed ${alias}`;
  const open = folds.isOpen(fold, isUnderWay(rollout));
  const mine = production.about === alias;
  const came = React.useRef<HTMLDivElement>(null);
  const title = React.useRef<HTMLButtonElement>(null);
  const { done, failure } = production;
  const undo = production.undo(told);
  // What came of an act is seen, though its button stands further down.
  React.useEffect(() => {
    came.current?.scrollIntoView?.({ block: 'nearest' });
  }, [done, failure]);
  return (
    <section aria-labelledby={`${id}-title`}>
      <Banner told={told} folds={folds} now={now} trans={trans} />
      <h2 className="jp-snapbook-Production-title">
        <button
          type="button"
          ref={title}
          id={`${id}-title`}
          aria-expanded={open}
          aria-controls={`${id}-body`}
          onClick={() => folds.set(fold, !open)}
        >
          <span aria-hidden="true" className="jp-snapbook-Fold">
            {open ? '▾' : '▸'}
          </span>
          {trans.__('%1 of %2', inline(alias, 60), inline(model, 100))}
        </button>
      </h2>
      <p role="status" className="jp-snapbook-Production-sentence">
        {inline(sentence, 400)}
      </p>
      {mine && (
        <div ref={came}>
          {done !== '' && done !== sentence && (
            <p role="status" className="jp-snapbook-Production-done">
              {inline(done, 400)}
            </p>
          )}
          {undo !== null && told.may && props.can(undo.verb) && (
            <div className="jp-snapbook-Production-undo">
              <Button
                busy={production.busy !== ''}
                onClick={() => {
                  // It goes away with what it does.
                  title.current?.focus();
                  void production.act(alias, undo);
                }}
              >
                {undo.again === undefined
                  ? trans.__('Undo')
                  : trans.__('Undo: %1 begins again', shortRef(undo.again.candidate.ref))}
              </Button>
            </div>
          )}
          {failure !== null && <Trouble failure={failure} trans={trans} />}
        </div>
      )}
      <div id={`${id}-body`} className="jp-snapbook-Production-body" hidden={!open}>
        {open && <Body {...props} />}
      </div>
    </section>
  );
}

function Body(props: ProductionProps & { told: Deployed }): JSX.Element {
  const { told, production, now, trans } = props;
  const can = (verb: Act['verb']): boolean => told.may && props.can(verb);
  const { rollout, alias } = told;
  React.useEffect(() => production.watch(), [production]);
  const passed_s = Math.max(0, now - production.at) / 1000;
  const busy = production.busy !== '';
  const act = (what: Act): void => void production.act(alias, what);
  return (
    <>
      {isUnderWay(rollout) && (
        <>
          <Steps rollout={rollout} passed_s={passed_s} trans={trans} />
          {rollout.waits !== '' && (
            <p className="jp-snapbook-Production-waits">
              {trans.__('The last step waits: %1', inline(rollout.waits, 400))}
            </p>
          )}
          <Rules
            rules={told.rules}
            stable={rollout.stable.ref}
            candidate={rollout.candidate.ref}
            trans={trans}
          />
          {told.ab !== null && <p>{outcomeText(told.ab, trans)}</p>}
          {told.shadow !== null && <p>{shadowText(told.shadow, trans)}</p>}
        </>
      )}
      {production.late && (
        <p className="jp-snapbook-Production-waits" role="status">
          {trans.__('Nobody answers; this was told at')}{' '}
          <Moment time={new Date(production.at).toISOString()} />
        </p>
      )}
      <Acts told={told} busy={busy} can={can} trans={trans} onAct={act} />
      <Fronts {...props} />
      <div className="jp-snapbook-Production-way">
        {told.drill !== null && (
          <span>
            {drillText(told.drill, trans)} (<Moment time={told.drill.time} />)
          </span>
        )}
        {rehearsable(told) && can('rollback') && (
          <Button
            busy={busy}
            onClick={() => act({ verb: 'rollback', options: { drill: true } })}
          >
            {trans.__('Rehearse the way back')}
          </Button>
        )}
        {props.onMonitor !== undefined && (
          <button type="button" className="jp-snapbook-Link" onClick={props.onMonitor}>
            {trans.__('Monitor')}
          </button>
        )}
      </div>
      <Stays history={told.history} trans={trans} onOpen={props.onOpen} />
    </>
  );
}

/** Whether the way back can be tried: not while it is in use. */
function rehearsable({ back, fronts, rollout }: Deployed): boolean {
  return back !== null && fronts.length > 0 && !isUnderWay(rollout);
}

/** The servers that follow; what one of them cannot do is told without being asked for. */
function Fronts({
  told,
  registry = '',
  trans
}: ProductionProps & { told: Deployed }): JSX.Element {
  const { fronts, model, alias } = told;
  if (fronts.length === 0) {
    const ref = `${registry === '' ? '' : `${registry}::`}${model}@${alias}`;
    return (
      <p className="jp-snapbook-Quiet">
        {trans.__('No server follows it:')}{' '}
        <code>{`snapbook serve ${inline(ref, 160)} --follow`}</code>
      </p>
    );
  }
  const troubled = fronts.filter(({ why }) => why);
  return (
    <>
      {troubled.map(front => (
        <p key={front.id} className="jp-snapbook-Production-waits">
          {inline(front.host, 80)}: {inline(front.why ?? '', 400)}
        </p>
      ))}
      <Disclosure label={trans._n('%1 server follows', '%1 servers follow', fronts.length)}>
        {() => (
          <ul className="jp-snapbook-Plain">
            {fronts.map(front => (
              <li key={front.id}>{frontText(front, trans)}</li>
            ))}
          </ul>
        )}
      </Disclosure>
    </>
  );
}

function frontText({ host, url, answers, share }: Front, trans: ProductionProps['trans']): string {
  const where = inline(url || host, 200);
  const who = answers ? shortRef(answers) : trans.__('nothing yet');
  return share !== null && share > 0
    ? trans.__('%1 answers with %2, %3 % by the candidate', where, who, valueText(share))
    : trans.__('%1 answers with %2', where, who);
}
