import { Mail } from 'nestjs-mail-relay';

@Mail<WelcomeMail>({ template: 'welcome', tags: ['signup'], metadata: (mail) => ({ plan: mail.plan }) })
export class WelcomeMail {
  constructor(
    readonly name: string,
    readonly plan: string,
  ) {}
}

@Mail({ template: 'newsletter', stream: 'broadcast', tags: ['news'] })
export class NewsletterMail {
  constructor(readonly headline: string) {}
}
