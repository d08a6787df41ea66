import { Mail, MailPreview } from 'nestjs-mail-relay';

@Mail<WelcomeMail>({ template: 'welcome', tags: ['signup'], metadata: (mail) => ({ plan: mail.plan }) })
export class WelcomeMail {
  constructor(
    readonly name: string,
    readonly plan: string,
  ) {}

  @MailPreview('usual') static usual() {
    return new WelcomeMail('Ada', 'pro');
  }

  @MailPreview('a long name') static longName() {
    return new WelcomeMail('Hubert Blaine Wolfeschlegelsteinhausenbergerdorff', 'enterprise');
  }
}

@Mail({ template: 'newsletter', stream: 'broadcast', tags: ['news'] })
export class NewsletterMail {
  constructor(readonly headline: string) {}

  @MailPreview() static november() {
    return new NewsletterMail('What is new in November');
  }
}
