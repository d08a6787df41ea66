import { Mail } from 'nestjs-mail-relay';

/** The same mail for every subject, in the words of each. */
@Mail({ template: 'welcome', subject: 'Welcome, {{name}}' })
export class WelcomeMail {
  constructor(
    readonly name: string,
    readonly plan: string,
    readonly link: string,
  ) {}
}

export const HTML = `<!doctype html>
<html><body style="font-family: sans-serif">
<h1>Welcome, {{name}}</h1>
<p>Your <strong>{{plan}}</strong> account is ready. Everything that you need to begin is on one page.</p>
<p><a href="{{link}}">Get started</a></p>
<p>If you did not sign up, there is nothing to do: without a confirmation the account is deleted within a week.</p>
<p>The Acme team</p>
</body></html>
`;

export const TEXT = `Welcome, {{name}}

Your {{plan}} account is ready. Everything that you need to begin is on one page.

Get started: {{link}}

If you did not sign up, there is nothing to do: without a confirmation the account is deleted within a week.

The Acme team
`;

export const FROM = 'Acme <hello@acme.test>';

export function welcome(index: number): WelcomeMail {
  return new WelcomeMail(`Ada ${index}`, 'pro', `https://acme.test/start/${index}`);
}

export function recipient(index: number): string {
  return `user${index}@example.test`;
}

/** For `sendMany()`: so many mails, the first of them with this index. */
export function* rows(count: number, from = 0) {
  for (let index = from; index < from + count; index++) yield [welcome(index), { to: recipient(index) }] as const;
}
