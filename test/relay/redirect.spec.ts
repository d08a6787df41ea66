import { afterEach, expect, it } from 'vitest';
import { MailError, type MailInterceptor, type RelayOptions } from '../../lib/index.js';
import { RecordingTransport } from '../support/recording.transport.js';
import { type RelayApplication, startRelay } from '../support/relay-application.js';

const running: RelayApplication[] = [];
const redirect = { to: 'Staging <staging@acme.test>', except: ['*@acme.test', 'vip*@*.x.test'] };

async function relay(options: RelayOptions = {}, transport = new RecordingTransport()) {
  const application = await startRelay({ transport, redirect, retry: { delay: 1, maxDelay: 2 }, ...options });
  running.push(application);
  const sent = async (recipients: object) => {
    const { id } = await application.mail.send({ to: 'nobody@acme.test', subject: 'x', text: 'x', ...recipients });
    return application.mail.wait(id, { timeout: '10s' });
  };
  return { transport, sent };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

it('in staging a mail goes to the one address, and says whom it was for', async () => {
  const { transport, sent } = await relay();
  const status = await sent({ to: ['Ada <ada@x.test>', 'bob@x.test'], cc: 'cy@x.test', bcc: 'di@x.test' });
  expect(transport.messages).toMatchObject([
    {
      envelope: { to: ['staging@acme.test'] },
      to: [{ name: 'Staging', address: 'staging@acme.test' }],
      cc: [],
      bcc: [],
      headers: {
        'X-Original-To': 'ada@x.test, bob@x.test',
        'X-Original-Cc': 'cy@x.test',
        'X-Original-Bcc': 'di@x.test',
      },
    },
  ]);
  const raw = Buffer.from(await transport.messages[0]!.raw()).toString();
  expect(raw).toContain('X-Original-To: ada@x.test, bob@x.test');
  expect(raw).toContain('To: Staging <staging@acme.test>');
  expect(status.recipients.map(({ address, state }) => `${address} ${state}`).toSorted()).toEqual([
    'ada@x.test sent',
    'bob@x.test sent',
    'cy@x.test sent',
    'di@x.test sent',
  ]);
});

it('but for those whom a pattern excepts, who do not see the others', async () => {
  const { transport, sent } = await relay();
  await sent({ to: ['ada@x.test', 'Eve@ACME.test'], bcc: ['vip7@mail.x.test', 'secret@x.test'] });
  const { envelope, to, bcc, headers } = transport.messages[0]!;
  expect(envelope.to).toEqual(['Eve@acme.test', 'vip7@mail.x.test', 'staging@acme.test']);
  expect(to.map(({ address }) => address)).toEqual(['Eve@acme.test']);
  expect(bcc.map(({ address }) => address)).toEqual(['vip7@mail.x.test', 'staging@acme.test']);
  expect(JSON.stringify(headers)).not.toContain('secret');
  await sent({ to: 'eve@acme.test' });
  expect(transport.messages[1]).toMatchObject({ envelope: { to: ['eve@acme.test'] }, headers: {} });
});

it.each(['x@notacme.test', 'acme.test@x.test', 'x@acme.test.x.test', 'vip@x.test'])(
  '%s is none of them',
  async (to) => {
    const { transport, sent } = await relay();
    await sent({ to });
    expect(transport.messages[0]!.envelope.to).toEqual(['staging@acme.test']);
  },
);

it('what the one address is answered counts for all who were meant', async () => {
  const { transport, sent } = await relay();
  const error = new MailError('450 later', { scope: 'recipient' });
  transport.answer(() => ({ recipients: [{ address: 'staging@acme.test', state: 'deferred', error }] }));
  const status = await sent({ to: ['ada@x.test', 'bob@x.test'] });
  expect(transport.messages).toHaveLength(2);
  expect(status.recipients.map(({ state }) => state)).toEqual(['sent', 'sent']);
});

it('no interceptor leads a mail past it, and one around sendNow() neither', async () => {
  class Elsewhere implements MailInterceptor {
    intercept: MailInterceptor['intercept'] = (message, next) => {
      const to = [{ address: 'real@customer.test' }];
      return next.handle({ ...message, to, envelope: { from: message.envelope.from, to: ['real@customer.test'] } });
    };
  }
  const { transport, sent } = await relay({ interceptors: [Elsewhere] });
  await sent({ to: 'ada@x.test' });
  await running[0]!.mail.sendNow({ to: 'ada@x.test', subject: 'x', text: 'x' });
  for (const { envelope } of transport.messages) expect(envelope.to).toEqual(['staging@acme.test']);
});

it('a transport that carries no headers gets none', async () => {
  class Bare extends RecordingTransport {
    override readonly capabilities = { headers: false };
  }
  const { transport, sent } = await relay({}, new Bare());
  await sent({ to: 'ada@x.test' });
  expect(transport.messages[0]).toMatchObject({ envelope: { to: ['staging@acme.test'] }, headers: {} });
});

it.each([
  [{ to: 'nobody' }, 'redirect.to'],
  [{}, 'redirect.to'],
  [{ to: 'a@x.test', except: '*@x.test' }, 'redirect.except'],
  [{ to: 'a@x.test', except: ['x.test'] }, 'redirect.except'],
  [{ to: 'a@x.test', exept: [] }, 'redirect.exept'],
])('a wrong one is refused at start: %j', async (wrong, option) => {
  await expect(relay({ redirect: wrong as never })).rejects.toMatchObject({ option });
});
