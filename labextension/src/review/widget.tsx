/** The review tab as a Lumino widget: a version beside what it may replace. */
import * as React from 'react';

import type { Client } from '../client';
import { Tab, type TabOptions } from '../common/tab';
import { inline, middle } from '../common/text';
import { ReviewPage } from './page';
import { ReviewPlace } from './place';
import { registriesOf, VerbDesk } from './verbs';

/** What a review is made from; its client runs verbs as well. */
export interface ReviewOptions extends TabOptions {
  client: Client;
  ref: string;
}

/** A review. Its title follows the model. */
export class ReviewTab extends Tab<ReviewPlace, ReviewOptions> {
  constructor(options: ReviewOptions) {
    const { client, path, ref } = options;
    const desks = {
      at: (registry: string) => new VerbDesk(client, path, registry),
      registries: () => registriesOf(client, path),
      shared: async () => (await client.row(path, ref)).shared ?? []
    };
    super(new ReviewPlace(desks, path, ref), options, 'jp-snapbook-ReviewTab');
  }

  /** The version that was asked for. */
  get ref(): string {
    return this.model.ref;
  }

  protected names(): { label: string; caption: string } {
    const { trans } = this.options;
    const ref = middle(this.ref, 60);
    return {
      label: trans.__('Review %1', ref),
      caption: trans.__('Review of %1 (%2)', ref, inline(this.path))
    };
  }

  protected view(): JSX.Element {
    const { trans, actions } = this.options;
    return <ReviewPage place={this.model} trans={trans} actions={actions} />;
  }
}
