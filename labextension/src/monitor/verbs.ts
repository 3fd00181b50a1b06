/** Reports by the verb of the server's table. */
import type { Client } from '../client';
import type { Report, Reports } from './model';

export class VerbReports implements Reports {
  constructor(private readonly client: Client) {}

  async monitor(path: string, model: string): Promise<Report> {
    const { value, lines } = await this.client.verb(path, 'monitor', [model]);
    const { html } = value as { html?: unknown };
    return { html: typeof html === 'string' ? html : '', lines };
  }
}
