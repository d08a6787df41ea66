import { describe, expect, it } from 'vitest';
import type { FaultScript } from '../support/smtp/faulty-smtp-server.js';
import { faultyServer, smtpFailure, transportTo } from '../support/smtp/smtp-fixtures.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';

const two = ['PIPELINING', '8BITMIME', 'SIZE 0'];

describe.each([
  ['with PIPELINING', two],
  ['without PIPELINING', ['8BITMIME']],
])('recipients of one transaction, %s', (_name, extensions) => {
  it('sends, defers and bounces each by its own answer', async () => {
    const answers: Record<string, string> = {
      'later@x.test': '450 4.2.1 Busy',
      'never@x.test': '550 5.1.1 No such user',
    };
    const server = await faultyServer({ extensions, script: { rcpt: ({ address }) => answers[address] } });

    const to = ['later@x.test', 'bob@x.test', 'never@x.test'];
    const result = await transportTo(server).send(testMessage({ to }), sendContext());

    expect(result.response).toBe('250 2.0.0 Ok: queued');
    expect(result.recipients).toMatchObject([
      {
        address: 'later@x.test',
        state: 'deferred',
        error: { permanent: false, replyCode: 450, enhancedCode: '4.2.1' },
      },
      { address: 'bob@x.test', state: 'sent' },
      { address: 'never@x.test', state: 'bounced', error: { permanent: true, replyCode: 550, enhancedCode: '5.1.1' } },
    ]);
    for (const { error } of result.recipients!)
      if (error) expect(error).toMatchObject({ scope: 'recipient', ambiguous: false });
    expect(result.recipients![2]!.error!.message).toContain('550 5.1.1 No such user');
    expect(server.mails.map((mail) => mail.to)).toEqual([['bob@x.test']]);
  });

  it('returns outcomes, and throws nothing, when every recipient is refused', async () => {
    const script: FaultScript = { rcpt: ({ address }) => (address === 'a@x.test' ? '450 4.2.1 Busy' : '550 5.1.1 No') };
    const server = await faultyServer({ extensions, script });
    const transport = transportTo(server, { connections: 1 });

    const result = await transport.send(testMessage({ to: ['a@x.test', 'b@x.test'] }), sendContext());
    expect(result.response).toBeUndefined();
    expect(result.recipients!.map(({ state }) => state)).toEqual(['deferred', 'bounced']);
    expect(server.mails).toHaveLength(0);

    // The envelope that was begun does not get in the way of the next message.
    server.script = {};
    await transport.send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(1);
    expect(server.connections).toBe(1);
  });

  it('is a failure of the transport when the connection breaks at RCPT', async () => {
    const server = await faultyServer({ extensions, script: { rcpt: { do: 'reset' } } });
    const error = await smtpFailure(transportTo(server).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ scope: 'transport', permanent: false, ambiguous: false });
  });

  it('says nothing when all were taken', async () => {
    const server = await faultyServer({ extensions });
    const result = await transportTo(server).send(testMessage({ to: ['a@x.test', 'b@x.test'] }), sendContext());
    expect(result.recipients).toBeUndefined();
    expect(server.mails[0]!.to).toEqual(['a@x.test', 'b@x.test']);
  });
});

it.each([
  ['452 4.5.3 Too many recipients', 'deferred', 'too-many-recipients'],
  ['552 5.5.3 Too many recipients', 'deferred', 'too-many-recipients'],
  ['452 4.2.2 Mailbox full', 'deferred', 'mailbox-full'],
  ['552 5.2.2 Mailbox full', 'bounced', 'mailbox-full'],
  ['552 Mailbox full', 'bounced', 'mailbox-full'],
  ['550 5.7.1 Sender blocked by policy', 'bounced', undefined],
  ['503 5.5.1 Bad sequence', 'deferred', undefined],
])('RCPT answered %j: %s, reason %s', async (answer, state, reason) => {
  const server = await faultyServer({
    script: { rcpt: ({ address }) => (address === 'no@x.test' ? answer : undefined) },
  });
  const result = await transportTo(server).send(testMessage({ to: ['yes@x.test', 'no@x.test'] }), sendContext());
  expect(result.recipients![0]).toEqual({ address: 'yes@x.test', state: 'sent' });
  expect(result.recipients![1]).toMatchObject({ state, error: { scope: 'recipient' } });
  expect(result.recipients![1]!.error!.reason).toBe(reason);
});

it.each([
  ['greeting', '421 4.3.2 Shutting down', { scope: 'transport', permanent: false, replyCode: 421 }],
  ['greeting', '554 5.3.2 No service', { scope: 'transport', permanent: false, replyCode: 554 }],
  ['ehlo', '421 4.3.2 Shutting down', { scope: 'transport', permanent: false }],
  ['ehlo', '550 5.7.1 Go away', { scope: 'transport', permanent: false, replyCode: 550 }],
  ['mail', '421 4.7.0 Slow down', { scope: 'transport', permanent: false, replyCode: 421, enhancedCode: '4.7.0' }],
  ['mail', '451 4.3.0 Later', { scope: 'message', permanent: false, replyCode: 451 }],
  ['mail', '550 5.1.8 Bad sender', { scope: 'message', permanent: true, replyCode: 550 }],
  ['mail', '552 5.3.4 Too big', { scope: 'message', permanent: true, reason: 'too-large' }],
  ['mail', '530 5.7.0 Log in first', { scope: 'transport', permanent: false, reason: 'credentials' }],
  ['mail', '538 5.7.11 Encrypt first', { scope: 'transport', permanent: false, reason: 'credentials' }],
  ['mail', '503 5.5.1 Out of step', { scope: 'message', permanent: false }],
  ['rcpt', '421 4.7.0 Slow down', { scope: 'transport', permanent: false }],
  ['rcpt', '530 5.7.0 Log in first', { scope: 'transport', permanent: false, reason: 'credentials' }],
  ['data', '451 4.3.0 Later', { scope: 'message', permanent: false }],
  ['data', '554 5.7.1 No', { scope: 'message', permanent: true }],
  ['data', '421 4.3.2 Shutting down', { scope: 'transport', permanent: false }],
  ['dot', '451 4.7.1 Greylisted', { scope: 'message', permanent: false, replyCode: 451 }],
  ['dot', '552 Too big', { scope: 'message', permanent: true, reason: 'too-large' }],
  ['dot', '554 5.7.1 Looks like spam', { scope: 'message', permanent: true, enhancedCode: '5.7.1' }],
  ['dot', '421 4.3.2 Shutting down', { scope: 'transport', permanent: false }],
  ['dot', '535 5.7.8 Session expired', { scope: 'transport', permanent: false, reason: 'credentials' }],
] as const)('%s answered %j', async (phase, answer, expected) => {
  const server = await faultyServer({ script: { [phase]: answer } });
  const error = await smtpFailure(transportTo(server).send(testMessage(), sendContext()));
  expect(error).toMatchObject({ phase, ambiguous: false, ...expected });
  expect(error.message).toContain(answer);
  expect(error.message).toContain(`smtp://127.0.0.1:${server.port}`);
});

describe('a connection that breaks', () => {
  it.each([
    ['greeting', 'end', 'greeting'],
    ['ehlo', 'reset', 'ehlo'],
    ['ehlo', 'end', 'ehlo'],
    ['mail', 'reset', 'mail'],
    ['mail', 'end', 'mail'],
    ['mail', 'half-close', 'mail'],
    ['rcpt', 'reset', 'rcpt'],
    ['rcpt', 'end', 'rcpt'],
    ['data', 'reset', 'data'],
    ['data', 'half-close', 'data'],
  ] as const)('at %s (%s) is a failure of the transport in the phase %s, with nothing sent', async (at, how, phase) => {
    // Answers reach the client before the connection breaks when each command waits for its own.
    const server = await faultyServer({ extensions: [], script: { [at]: { do: how } } });
    const error = await smtpFailure(transportTo(server).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase, scope: 'transport', permanent: false, ambiguous: false });
    expect(server.mails).toHaveLength(0);
  });

  it.each(['reset', 'end', 'half-close'] as const)('after the final "." (%s) is ambiguous', async (how) => {
    const server = await faultyServer({ script: { dot: { do: how } } });
    const error = await smtpFailure(transportTo(server).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'dot', scope: 'transport', permanent: false, ambiguous: true });
    expect(server.mails).toHaveLength(1);
  });

  it('that cannot be made is a failure of the transport', async () => {
    const server = await faultyServer();
    const { port } = server;
    await server.close();
    const error = await smtpFailure(transportTo({ host: '127.0.0.1', port }).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'connect', scope: 'transport', permanent: false, code: 'ECONNREFUSED' });
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('to a name that does not exist is a failure of the transport', async () => {
    const transport = transportTo({ host: 'no-such-host.invalid', port: 25 });
    const error = await smtpFailure(transport.send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'connect', scope: 'transport', permanent: false });
  });
});

describe('a server that is silent', () => {
  const timeouts = { connect: 10_000, greeting: 700, command: 700, data: 700 };

  it.each([
    ['greeting', 'greeting'],
    ['ehlo', 'ehlo'],
    ['mail', 'mail'],
    ['rcpt', 'rcpt'],
    ['data', 'data'],
  ] as const)('at %s is given up', async (at, phase) => {
    const server = await faultyServer({ extensions: [], script: { [at]: { do: 'hang' } } });
    const error = await smtpFailure(transportTo(server, { timeouts }).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase, code: 'ETIMEDOUT', scope: 'transport', permanent: false, ambiguous: false });
    await server.until(() => server.open === 0);
  });

  it('after the final "." leaves it unknown whether it has the message', async () => {
    const server = await faultyServer({ script: { dot: { do: 'hang' } } });
    const error = await smtpFailure(transportTo(server, { timeouts }).send(testMessage(), sendContext()));
    expect(error).toMatchObject({
      phase: 'dot',
      code: 'ETIMEDOUT',
      scope: 'transport',
      permanent: false,
      ambiguous: true,
    });
  });

  it('has longer for the message than for a command', async () => {
    let answer!: () => void;
    const after = new Promise<void>((resolve) => (answer = resolve));
    const server = await faultyServer({ script: { dot: { after } } });
    const sent = transportTo(server, { timeouts: { ...timeouts, data: 20_000 } }).send(testMessage(), sendContext());
    await server.reached('dot');
    await new Promise((resolve) => setTimeout(resolve, 1.5 * timeouts.command));
    answer();
    await expect(sent).resolves.toMatchObject({ response: '250 2.0.0 Ok: queued' });
  });

  it('is not saved by trickling an answer that never ends', async () => {
    const server = await faultyServer({ script: { mail: { trickle: '250 '.padEnd(500, 'x'), every: 20 } } });
    const error = await smtpFailure(transportTo(server, { timeouts }).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'mail', code: 'ETIMEDOUT' });
  });

  it('is waited for as long as its answers keep coming', async () => {
    const script: FaultScript = { rcpt: () => ({ after: new Promise((resolve) => setTimeout(resolve, 150)) }) };
    const server = await faultyServer({ script });
    const to = Array.from({ length: 8 }, (_, i) => `r${i}@x.test`);
    await transportTo(server, { timeouts }).send(testMessage({ to }), sendContext());
    expect(server.mails[0]!.to).toEqual(to);
  });
});

describe('what a server says', () => {
  it('is kept, from all its lines, without control characters', async () => {
    const answer = '550-5.7.1 First line\n550-5.7.1 second \u0007line\n550 5.7.1 https://help.test/why';
    const server = await faultyServer({ script: { mail: answer } });
    const error = await smtpFailure(transportTo(server).send(testMessage(), sendContext()));
    expect(error.message).toMatch(/: 550 5\.7\.1 First line second  ?line https:\/\/help\.test\/why$/);
    expect(error).toMatchObject({ replyCode: 550, enhancedCode: '5.7.1' });
  });

  it('is cut when it goes on and on', async () => {
    const server = await faultyServer({ script: { mail: `550 5.7.1 ${'blah '.repeat(1000)}` } });
    const error = await smtpFailure(transportTo(server).send(testMessage(), sendContext()));
    expect(error.message.length).toBeLessThan(650);
  });

  it('and makes no sense is a failure of the transport', async () => {
    const server = await faultyServer({ script: { mail: 'what?' } });
    const error = await smtpFailure(transportTo(server).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'mail', scope: 'transport', permanent: false, code: 'EPROTOCOL' });
  });

  it('and makes no sense after the message is ambiguous', async () => {
    const server = await faultyServer({ script: { dot: 'what?' } });
    const error = await smtpFailure(transportTo(server).send(testMessage(), sendContext()));
    expect(error).toMatchObject({ phase: 'dot', ambiguous: true, permanent: false });
  });
});
