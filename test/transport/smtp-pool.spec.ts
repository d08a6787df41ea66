import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { faultyServer, smtpFailure, smtpServer, transportTo } from '../support/smtp/smtp-fixtures.js';
import { sendContext, testMessage } from '../support/smtp/test-message.js';

/** A promise that a test settles. */
function gate(): { promise: Promise<void>; open: () => void } {
  let open!: () => void;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

/** Lets time pass for the clock that connections go by. */
function pass(milliseconds: number): void {
  const now = performance.now.bind(performance);
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + milliseconds);
  onTestFinished(() => clock.mockRestore());
}

describe('connections', () => {
  it('are used again', async () => {
    const server = await smtpServer();
    const transport = transportTo(server);
    for (let i = 0; i < 10; i++) await transport.send(testMessage({ to: `r${i}@x.test` }), sendContext());
    expect(server.connections).toBe(1);
    expect(server.mails).toHaveLength(10);
  });

  it('are never more than allowed', async () => {
    const answer = gate();
    const server = await faultyServer({ script: { dot: { after: answer.promise } } });
    const transport = transportTo(server, { connections: 3 });
    const sends = Array.from({ length: 20 }, () => transport.send(testMessage(), sendContext()));
    await server.reached('dot', 3);
    expect(server.open).toBe(3);
    answer.open();
    await Promise.all(sends);
    expect(server.connections).toBe(3);
  });

  it('serve those who wait in the order they came', async () => {
    const server = await faultyServer();
    const transport = transportTo(server, { connections: 1 });
    const recipients = Array.from({ length: 100 }, (_, i) => `r${i}@x.test`);
    await Promise.all(recipients.map((to) => transport.send(testMessage({ to }), sendContext())));
    expect(server.mails.flatMap(({ to }) => to)).toEqual(recipients);
  });

  it('are closed after as many messages as allowed', async () => {
    const server = await smtpServer();
    const transport = transportTo(server, { connections: 1, messagesPerConnection: 2 });
    await Promise.all(Array.from({ length: 5 }, () => transport.send(testMessage(), sendContext())));
    expect(server.connections).toBe(3);
  });

  it('are closed when they have been idle for long enough', async () => {
    const server = await faultyServer();
    const transport = transportTo(server, { idle: 50 });
    await transport.send(testMessage(), sendContext());
    await server.reached('quit');
    await server.until(() => server.open === 0);
    await transport.send(testMessage(), sendContext());
    expect(server.connections).toBe(2);
  });

  it('that the server closes while idle are replaced', async () => {
    const server = await faultyServer();
    const transport = transportTo(server);
    for (const how of ['end', 'reset', { say: '421 4.4.2 Idle for too long' }] as const) {
      await transport.send(testMessage(), sendContext());
      server.hangUp(how);
      await server.until(() => server.open === 0);
    }
    await transport.send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(4);
    expect(server.connections).toBe(4);
  });

  it('that rested for a while are asked whether they are still there', async () => {
    const server = await faultyServer();
    const transport = transportTo(server);
    await transport.send(testMessage(), sendContext());
    await transport.send(testMessage(), sendContext());
    expect(server.count('rset')).toBe(0);
    pass(6_000);
    await transport.send(testMessage(), sendContext());
    expect(server.count('rset')).toBe(1);
    expect(server.connections).toBe(1);
  });

  it.each([{ do: 'hang' }, { do: 'reset' }, '421 4.4.2 Idle for too long'] as const)(
    'that rested for a while and answer %j are replaced',
    async (fault) => {
      const server = await faultyServer({ script: { rset: fault } });
      const transport = transportTo(server, { timeouts: { command: 1_000 } });
      await transport.send(testMessage(), sendContext());
      pass(6_000);
      await transport.send(testMessage(), sendContext());
      expect(server.mails).toHaveLength(2);
      expect(server.connections).toBe(2);
    },
  );

  it('that rested, are dead, and cannot be replaced give their place free', async () => {
    const server = await faultyServer({
      script: {
        rset: { do: 'reset' },
        greeting: ({ connection }) => (connection === 2 ? '554 5.3.2 Closed' : undefined),
      },
    });
    const transport = transportTo(server, { connections: 1 });
    await transport.send(testMessage(), sendContext());
    pass(6_000);
    expect(await smtpFailure(transport.send(testMessage(), sendContext()))).toMatchObject({ replyCode: 554 });
    await transport.send(testMessage(), sendContext());
    expect(server.connections).toBe(3);
  });

  it('carry many messages without gathering listeners', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const server = await faultyServer();
    const transport = transportTo(server, { connections: 1 });
    const context = sendContext({ confirm: () => Promise.resolve() });
    await Promise.all(Array.from({ length: 200 }, () => transport.send(testMessage(), context)));
    expect(server.connections).toBe(1);
    expect(warnings).toEqual([]);
  });

  it.each(['reset', 'end'] as const)(
    'that break (%s) at MAIL after an earlier message are replaced, once',
    async (how) => {
      const server = await faultyServer({
        script: { mail: ({ connection, count }) => (connection === 1 && count > 1 ? { do: how } : undefined) },
      });
      const transport = transportTo(server);
      await transport.send(testMessage(), sendContext());
      await transport.send(testMessage(), sendContext());
      expect(server.mails).toHaveLength(2);
      expect(server.connections).toBe(2);
    },
  );

  it('that are sent away with 421 after an earlier message are replaced, once', async () => {
    const server = await faultyServer({
      script: { mail: ({ count }) => (count === 1 ? undefined : '421 4.7.0 Enough for one connection') },
    });
    const transport = transportTo(server);
    await transport.send(testMessage(), sendContext());
    const error = await smtpFailure(transport.send(testMessage(), sendContext()));
    expect(error).toMatchObject({ scope: 'transport', replyCode: 421, phase: 'mail' });
    expect(server.count('mail')).toBe(3);
    expect(server.connections).toBe(2);
  });

  it('that are new are not replaced: the failure is told at once', async () => {
    const server = await faultyServer({ script: { mail: { do: 'reset' } } });
    await smtpFailure(transportTo(server).send(testMessage(), sendContext()));
    expect(server.connections).toBe(1);
  });

  it('that break after the message are not tried again by themselves', async () => {
    const server = await faultyServer({ script: { dot: ({ count }) => (count === 2 ? { do: 'reset' } : undefined) } });
    const transport = transportTo(server);
    await transport.send(testMessage(), sendContext());
    const error = await smtpFailure(transport.send(testMessage(), sendContext()));
    expect(error.ambiguous).toBe(true);
    expect(server.mails).toHaveLength(2);
    expect(server.connections).toBe(1);
  });

  it('that were refused a message go on with the next one', async () => {
    const answers = [undefined, '450 4.7.1 Later', '550 5.7.1 Never', undefined];
    for (const phase of ['mail', 'data', 'dot'] as const) {
      const server = await faultyServer({ script: { [phase]: ({ count }: { count: number }) => answers[count - 1] } });
      const transport = transportTo(server, { connections: 1 });
      const results = await Promise.allSettled(answers.map(() => transport.send(testMessage(), sendContext())));
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
      expect(server.connections, phase).toBe(1);
    }
  });
});

describe('a server that cannot be reached', () => {
  it('is told to all who wait, not to one after another', async () => {
    const silence = gate();
    const server = await faultyServer({ script: { greeting: { after: silence.promise, next: '554 5.3.2 Closed' } } });
    const transport = transportTo(server, { connections: 2 });
    const errors = Promise.all(
      Array.from({ length: 50 }, () => smtpFailure(transport.send(testMessage(), sendContext()))),
    );
    await server.reached('greeting', 2);
    silence.open();
    for (const error of await errors) expect(error).toMatchObject({ phase: 'greeting', replyCode: 554 });
    expect(server.connections).toBe(2);
  });

  it('is tried again by the next message', async () => {
    const server = await faultyServer({
      script: { greeting: ({ count }) => (count === 1 ? '421 4.3.2 Not yet' : undefined) },
    });
    const transport = transportTo(server);
    await smtpFailure(transport.send(testMessage(), sendContext()));
    await transport.send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(1);
  });

  it('makes do with the connections it allows', async () => {
    const server = await faultyServer({
      script: {
        greeting: ({ connection }) =>
          connection > 2 ? { say: '421 4.7.0 Too many connections', thenClose: true } : undefined,
      },
    });
    const transport = transportTo(server, { connections: 5 });
    const sendTen = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) await transport.send(testMessage(), sendContext());
    };
    await Promise.all(Array.from({ length: 10 }, sendTen));
    expect(server.mails).toHaveLength(100);
    expect(server.connections).toBeLessThanOrEqual(5);
  });
});

describe('an aborted signal', () => {
  it('stops a message that has not been started', async () => {
    const server = await faultyServer();
    const signal = AbortSignal.abort(new Error('shutting down'));
    const error = await smtpFailure(transportTo(server).send(testMessage(), sendContext({ signal })));
    expect(error).toMatchObject({ code: 'ABORT_ERR', scope: 'transport', permanent: false, ambiguous: false });
    expect(server.transactions).toBe(0);
  });

  it('takes a message out of the line, and the others keep their turn', async () => {
    const answer = gate();
    const server = await faultyServer({ script: { dot: { after: answer.promise } } });
    const transport = transportTo(server, { connections: 1 });
    const controller = new AbortController();
    const first = transport.send(testMessage({ to: 'first@x.test' }), sendContext());
    const second = transport.send(testMessage({ to: 'second@x.test' }), sendContext({ signal: controller.signal }));
    const third = transport.send(testMessage({ to: 'third@x.test' }), sendContext());
    await server.reached('dot');
    controller.abort();
    expect(await smtpFailure(second)).toMatchObject({ code: 'ABORT_ERR' });
    answer.open();
    await Promise.all([first, third]);
    expect(server.mails.flatMap(({ to }) => to)).toEqual(['first@x.test', 'third@x.test']);
  });

  it.each(['mail', 'rcpt', 'data'] as const)('stops a message that waits for the answer to %s', async (phase) => {
    const server = await faultyServer({ script: { [phase]: { do: 'hang' } } });
    const controller = new AbortController();
    const sent = smtpFailure(transportTo(server).send(testMessage(), sendContext({ signal: controller.signal })));
    await server.reached(phase);
    controller.abort();
    expect(await sent).toMatchObject({ code: 'ABORT_ERR', ambiguous: false });
    await server.until(() => server.open === 0);
    expect(server.mails).toHaveLength(0);
  });

  it('after the message was sent does nothing: the answer is waited for', async () => {
    const answer = gate();
    const server = await faultyServer({ script: { dot: { after: answer.promise } } });
    const controller = new AbortController();
    const sent = transportTo(server).send(testMessage(), sendContext({ signal: controller.signal }));
    await server.reached('dot');
    controller.abort();
    // Longer than it takes for an aborted signal to be noticed.
    await new Promise((resolve) => setTimeout(resolve, 300));
    answer.open();
    await expect(sent).resolves.toMatchObject({ response: '250 2.0.0 Ok: queued' });
  });
});

describe('confirm', () => {
  it('comes after the server said that it takes the message, and before the message', async () => {
    const server = await faultyServer();
    const order: string[] = [];
    const confirm = async (): Promise<void> => {
      order.push(`confirm after ${server.commands.at(-1)}, ${server.mails.length} mails`);
    };
    await transportTo(server).send(testMessage(), sendContext({ confirm }));
    expect(order).toEqual(['confirm after DATA, 0 mails']);
    expect(server.mails).toHaveLength(1);
  });

  it('that throws sends nothing, and is thrown on as it is', async () => {
    const server = await faultyServer();
    const lockLost = new Error('the lock is lost');
    const transport = transportTo(server);
    await transport.send(testMessage(), sendContext());
    const sent = transport.send(testMessage(), sendContext({ confirm: () => Promise.reject(lockLost) }));
    await expect(sent).rejects.toBe(lockLost);
    await server.until(() => server.open === 0);
    expect(server.mails).toHaveLength(1);

    await transport.send(testMessage(), sendContext());
    expect(server.mails).toHaveLength(2);
  });

  it('that takes long does not let an aborted message through', async () => {
    const server = await faultyServer();
    const lock = gate();
    const controller = new AbortController();
    const sent = smtpFailure(
      transportTo(server).send(testMessage(), sendContext({ signal: controller.signal, confirm: () => lock.promise })),
    );
    await server.reached('data');
    controller.abort();
    lock.open();
    expect(await sent).toMatchObject({ code: 'ABORT_ERR' });
    await server.until(() => server.open === 0);
    expect(server.mails).toHaveLength(0);
  });

  it('is not asked when no recipient was taken', async () => {
    const server = await faultyServer({ script: { rcpt: '550 5.1.1 No' } });
    let asked = false;
    const confirm = async (): Promise<void> => void (asked = true);
    await transportTo(server).send(testMessage(), sendContext({ confirm }));
    expect(asked).toBe(false);
  });
});

describe('close', () => {
  it('lets what is under way and what waits finish, then says QUIT', async () => {
    const answer = gate();
    const server = await faultyServer({ script: { dot: { after: answer.promise } } });
    const transport = transportTo(server, { connections: 2 });
    const sends = Array.from({ length: 5 }, () => transport.send(testMessage(), sendContext()));
    await server.reached('dot', 2);
    const closed = transport.close();
    answer.open();
    await Promise.all(sends);
    await closed;
    await server.until(() => server.open === 0);
    expect(server.mails).toHaveLength(5);
    expect(server.count('quit')).toBe(2);
  });

  it('refuses messages afterwards', async () => {
    const server = await faultyServer();
    const transport = transportTo(server);
    await transport.close();
    const error = await smtpFailure(transport.send(testMessage(), sendContext()));
    expect(error).toMatchObject({ scope: 'transport', permanent: false, code: 'ECLOSED' });
    expect(server.connections).toBe(0);
  });

  it('can be called twice, and before anything was sent', async () => {
    const server = await faultyServer();
    const transport = transportTo(server);
    await Promise.all([transport.close(), transport.close()]);
    await transport.close();
  });

  it('does not wait for a server that does not answer QUIT', async () => {
    const server = await faultyServer({ script: { quit: { do: 'hang' } } });
    const transport = transportTo(server);
    await transport.send(testMessage(), sendContext());
    await transport.close();
    await server.until(() => server.open === 0);
  });

  it('leaves no handle open', async () => {
    const server = await faultyServer();
    const before = process.getActiveResourcesInfo().filter((type) => type !== 'Timeout').length;
    const transport = transportTo(server, { connections: 4 });
    await Promise.all(Array.from({ length: 10 }, () => transport.send(testMessage(), sendContext())));
    await transport.close();
    await server.until(() => server.open === 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(process.getActiveResourcesInfo().filter((type) => type !== 'Timeout').length).toBeLessThanOrEqual(before);
  });
});
