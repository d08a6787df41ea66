import { Queue, Worker } from 'bullmq';
import Handlebars from 'handlebars';
import { FROM, HTML, TEXT } from './mails.js';
import { pooled } from './pooled.js';

/** What people write without a relay: a BullMQ worker that renders and hands the mail to nodemailer's pool. */
export class HandWired {
  readonly queue: Queue;
  readonly #worker: Worker;
  readonly #transport;

  constructor(connection: { host: string; port: number }, smtpPort: number, connections: number, concurrency: number) {
    this.queue = new Queue('hand-wired', { connection });
    this.#transport = pooled(smtpPort, connections);
    const html = Handlebars.compile(HTML);
    const text = Handlebars.compile(TEXT, { noEscape: true });
    const subject = Handlebars.compile('Welcome, {{name}}', { noEscape: true });
    this.#worker = new Worker(
      'hand-wired',
      async ({ data }) => {
        await this.#transport.sendMail({
          from: FROM,
          to: data.to,
          subject: subject(data),
          html: html(data),
          text: text(data),
        });
      },
      { connection, concurrency },
    );
  }

  async send(to: string, mail: object): Promise<void> {
    await this.queue.add(
      'welcome',
      { to, ...mail },
      { attempts: 10, backoff: { type: 'exponential', delay: 1000 }, removeOnComplete: true },
    );
  }

  async close(): Promise<void> {
    await this.#worker.close();
    await this.queue.close();
    this.#transport.close();
  }
}
