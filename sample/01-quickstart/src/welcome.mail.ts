import { Mail } from 'nestjs-mail-relay';

/** A mail is a class: its fields are the template's context. */
@Mail<WelcomeMail>({
  template: 'welcome',
  subject: 'Welcome, {{name}}',
  tags: ['signup'],
  metadata: (mail) => ({ plan: mail.plan }),
})
export class WelcomeMail {
  constructor(
    readonly name: string,
    readonly plan: string,
  ) {}
}
