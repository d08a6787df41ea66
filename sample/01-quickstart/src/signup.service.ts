import { Injectable } from '@nestjs/common';
import { MailService, type RecipientStatus } from 'nestjs-mail-relay';
import { Subject } from 'rxjs';
import { WelcomeMail } from './welcome.mail.js';

/** Where a mail stands, for the page. */
export interface Progress {
  id: string;
  messageId: string;
  recipients: RecipientStatus[];
}

@Injectable()
export class SignupService {
  readonly progress = new Subject<Progress>();
  readonly known = new Map<string, Progress>();

  constructor(private readonly mail: MailService) {}

  /** Queues the mail and returns; the worker sends it. */
  async signup(name: string, email: string): Promise<Progress> {
    const { id, messageId, recipients } = await this.mail.send(new WelcomeMail(name, 'free'), { to: { name, email } });
    const queued = this.#show({ id, messageId, recipients });
    void this.#follow(queued).catch(() => undefined);
    return queued;
  }

  /** Shows each change of state until nothing more will happen. */
  async #follow({ id, messageId }: Progress): Promise<void> {
    const ended = this.mail.wait(id, { timeout: '10m' }).catch(() => undefined);
    let shown = '';
    for (let waiting = true; waiting;) {
      waiting = await Promise.race([
        ended.then(() => false),
        new Promise<boolean>((resolve) => setTimeout(resolve, 100, true).unref()),
      ]);
      const recipients = (await this.mail.status(id))?.recipients ?? [];
      if (JSON.stringify(recipients) === shown) continue;
      shown = JSON.stringify(recipients);
      this.#show({ id, messageId, recipients });
    }
  }

  #show(progress: Progress): Progress {
    this.known.set(progress.id, progress);
    this.progress.next(progress);
    return progress;
  }
}
