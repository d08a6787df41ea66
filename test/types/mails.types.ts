// Compiled, not run: each `@ts-expect-error` is a mistake that must not compile, and all else must.
import { Injectable } from '@nestjs/common';
import {
  Attach,
  byDomain,
  failover,
  html,
  Inline,
  Mail,
  type Mailable,
  type MailService,
  perTenant,
  RelayModule,
  roundRobin,
  type SendResult,
  SmtpTransport,
  weighted,
} from '../../lib/index.js';

declare const mail: MailService;
declare const user: { id: number; email: string; name: string | null; locale: string | null };

@Mail<WelcomeMail>({
  template: 'welcome',
  subject: 'Hi {{name}}',
  metadata: (m) => ({ plan: m.plan }),
  from: (m) => m.name,
})
class WelcomeMail {
  constructor(
    readonly name: string,
    readonly plan: string,
  ) {}
  @Attach({ filename: 'terms.pdf' }) terms() {
    return { path: 'terms.pdf' };
  }
  @Inline('logo') readonly logo = new Uint8Array();
}

@Mail({ template: 'invoice', subject: 'Invoice' })
@Injectable()
class InvoiceMail implements Mailable<{ id: string }> {
  async render({ id }: { id: string }) {
    return { context: { id } };
  }
}

@Mail()
class PingMail implements Mailable {
  render() {
    return { subject: 'Ping', text: 'ping' };
  }
}

export async function right(): Promise<void> {
  const sent: SendResult = await mail.send(new WelcomeMail('Ada', 'pro'), { to: user });
  await mail.send(InvoiceMail, { to: [user, 'b@x.test'], data: { id: sent.id }, locale: 'de' });
  await mail.send(PingMail, { bcc: { address: 'a@x.test' } });
  await mail.send({ to: 'a@x.test', subject: 'Hi', html: html`<p>${user.name}</p>` });
  await mail.send({
    cc: 'a@x.test',
    template: 'welcome',
    context: { name: 'Ada' },
    delay: '5m',
    retry: { maxAge: '2d' },
  });
  await mail.sendNow(InvoiceMail, { to: user, data: { id: '1' } });
  const summary = await mail.sendMany(InvoiceMail, [{ to: user, data: { id: '1' } }]);
  const queued: number = summary.queued;
  for await (const item of mail.sendMany([
    { to: user, subject: String(queued) },
    [new WelcomeMail('A', 'b'), { to: user }] as const,
  ])) {
    if ('error' in item) throw item.error;
    await mail.cancel(item.id);
  }
  await mail.render(InvoiceMail, { data: { id: '1' } });
  await mail.render(new WelcomeMail('Ada', 'pro'));
  const transports = { a: 'log:', b: { use: 'memory:', rate: '14/s', quota: 'auto' } } as const;
  RelayModule.forRoot({ transports, route: 'b' });
  RelayModule.forRoot({ transports, route: failover('a', roundRobin('b', 'a')) });
  RelayModule.forRoot({ transports, route: weighted({ a: 9, b: 1 }) });
  RelayModule.forRoot({ transports, route: byDomain({ 'gmail.com': 'a', '*': failover('b', 'a') }) });
  RelayModule.forRoot({ transports, route: 'failover(a b)' });
  RelayModule.forRoot({ transports, route: ({ stream }) => (stream === 'broadcast' ? 'a' : failover('b', 'a')) });
  RelayModule.forRoot({
    transports: { a: perTenant(async (tenant) => `smtp://${tenant}.test`, { max: 5, rate: '1/s' }), b: SmtpTransport },
    redirect: { to: { name: 'Staging', address: 's@x.test' }, except: ['*@x.test'] },
  });
  RelayModule.forRootAsync({ useFactory: () => ({ transports: { a: 'log:' }, route: failover('a') }) });
}

export async function wrong(): Promise<void> {
  // @ts-expect-error no recipient
  await mail.send({ subject: 'Hi', text: 'x' });
  // @ts-expect-error no recipient either
  await mail.send(new WelcomeMail('Ada', 'pro'), {});
  // @ts-expect-error a misspelt option
  await mail.send({ to: 'a@x.test', subject: 'Hi', txet: 'x' });
  // @ts-expect-error a misspelt option beside a mail
  await mail.send(new WelcomeMail('Ada', 'pro'), { to: user, metdata: {} });
  // @ts-expect-error data is missing
  await mail.send(InvoiceMail, { to: user });
  // @ts-expect-error data of a wrong type
  await mail.send(InvoiceMail, { to: user, data: { id: 1 } });
  // @ts-expect-error data for a mail that takes none
  await mail.send(PingMail, { to: user, data: { id: 1 } });
  // @ts-expect-error a template and html
  await mail.send({ to: user, template: 'x', html: 'x' });
  // @ts-expect-error an inline message needs a subject
  await mail.send({ to: user, html: 'x' });
  // @ts-expect-error no duration
  await mail.send({ to: user, subject: 'x', delay: 'soon' });
  // @ts-expect-error the class of a mail that is data
  await mail.send(WelcomeMail, { to: user });
  // @ts-expect-error a wrong row
  await mail.sendMany(InvoiceMail, [{ to: user, data: {} }]);
  // @ts-expect-error no such transport
  RelayModule.forRoot({ transports: { a: 'log:', b: 'memory:' }, route: 'c' });
  // @ts-expect-error no such transport in a route
  RelayModule.forRoot({ transports: { a: 'log:', b: 'memory:' }, route: failover('a', 'c') });
  // @ts-expect-error nor in one within another
  RelayModule.forRoot({ transports: { a: 'log:', b: 'memory:' }, route: roundRobin('a', failover('b', 'c')) });
  // @ts-expect-error nor by weight
  RelayModule.forRoot({ transports: { a: 'log:', b: 'memory:' }, route: weighted({ a: 1, c: 1 }) });
  // @ts-expect-error nor by domain
  RelayModule.forRoot({ transports: { a: 'log:', b: 'memory:' }, route: byDomain({ '*': 'c' }) });
  // @ts-expect-error nor from a function
  RelayModule.forRoot({ transports: { a: 'log:', b: 'memory:' }, route: () => 'c' });
  // @ts-expect-error no rate
  RelayModule.forRoot({ transport: { use: 'log:', rate: '14 a second' } });
  // @ts-expect-error a misspelt limit
  RelayModule.forRoot({ transport: { use: 'log:', concurency: 2 } });
  // @ts-expect-error no such option
  RelayModule.forRoot({ transprot: 'log:' });
}

// @ts-expect-error the mail has no such field
@Mail<WelcomeMail>({ metadata: (m) => ({ plan: m.plna }) })
export class Misspelt extends WelcomeMail {}

// @ts-expect-error decorates another class
@Mail<WelcomeMail>({ template: 'x' })
export class Other {
  readonly something = 1;
}
