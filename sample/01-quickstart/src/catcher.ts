import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { Subject } from 'rxjs';
import { SMTPServer } from 'smtp-server';

/** A mail as the SMTP server got it. */
export interface CaughtMail {
  messageId: string;
  from: string;
  to: string;
  subject: string;
  html: string;
  text: string;
  source: string;
}

/** A real SMTP server on loopback that keeps what it is sent. */
export class Catcher {
  readonly caught = new Subject<CaughtMail>();
  readonly mails: CaughtMail[] = [];
  readonly #server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, session, done) => {
      void stream.toArray().then(async (chunks: Buffer[]) => {
        await this.#keep(
          Buffer.concat(chunks),
          session.envelope.rcptTo.map(({ address }) => address),
        );
        done();
      }, done);
    },
  });

  /** Starts on a free port. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server.server, 'listening');
    return (this.#server.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(resolve));
  }

  async #keep(raw: Buffer, to: string[]): Promise<void> {
    const parsed = await simpleParser(raw);
    const mail = {
      messageId: parsed.messageId ?? '',
      from: parsed.from?.text ?? '',
      to: to.join(', '),
      subject: parsed.subject ?? '',
      html: parsed.html || '',
      text: parsed.text ?? '',
      source: raw.toString(),
    };
    this.mails.push(mail);
    this.caught.next(mail);
  }
}
