import { Injectable } from '@nestjs/common';
import { MailService, type SendResult } from 'nestjs-mail-relay';
import { WelcomeMail } from './welcome.mail.js';

@Injectable()
export class SignupService {
  constructor(private readonly mail: MailService) {}

  /** Queues the mail and returns; the worker sends it. */
  signup(name: string, email: string): Promise<SendResult> {
    return this.mail.send(new WelcomeMail(name, 'free'), { to: { name, email } });
  }
}
