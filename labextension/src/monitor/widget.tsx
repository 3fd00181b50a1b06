/** The monitor tab as a Lumino widget. */
import * as React from 'react';

import type { Client } from '../client';
import { Tab, type TabOptions } from '../common/tab';
import { inline, middle } from '../common/text';
import { MonitorModel } from './model';
import { MonitorPage } from './page';
import { VerbReports } from './verbs';

export interface MonitorOptions extends TabOptions {
  client: Client;
  model: string;
}

/** A report. Its title names the model. */
export class MonitorTab extends Tab<MonitorModel, MonitorOptions> {
  constructor(options: MonitorOptions) {
    const { client, path, model } = options;
    super(new MonitorModel(new VerbReports(client), path, model), options, 'jp-snapbook-MonitorTab');
  }

  protected names(): { label: string; caption: string } {
    const { trans } = this.options;
    const name = middle(this.model.model, 60);
    return {
      label: trans.__('Monitor %1', name),
      caption: trans.__('What %1 met (%2)', name, inline(this.path))
    };
  }

  protected view(): JSX.Element {
    return <MonitorPage monitor={this.model} trans={this.options.trans} />;
  }
}
