import { Attach, Mail } from 'nestjs-mail-relay';

@Mail<WelcomeMail>({ template: 'welcome', subject: 'Welcome, {{name}}', metadata: (mail) => ({ plan: mail.plan }) })
export class WelcomeMail {
  constructor(
    readonly name: string,
    readonly plan: string,
  ) {}

  @Attach({ filename: 'terms.txt' })
  terms() {
    return `Terms of ${this.plan}`;
  }
}
