import { Logger, type LoggerService } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import {
  MailError,
  MailEvents,
  type MailInterceptor,
  type MailMessage,
  type RelayOptions,
  type TransportResult,
} from '../../lib/index.js';
import { nextAttempt } from '../../lib/delivery/retry-schedule.js';
import { RecordingTransport, refuse } from '../support/recording.transport.js';
import { type RelayApplication, startRelay } from '../support/relay-application.js';

const running: RelayApplication[] = [];
const message = { to: 'ada@x.test', subject: 'x', text: 'the body' } as const;
const soon = { delay: 1, maxDelay: 2 } as const;

async function relay(options: RelayOptions = {}) {
  const transport = new RecordingTransport();
  const application = await startRelay({ transport, retry: soon, ...options });
  running.push(application);
  return { transport, ...application };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

describe('what an answer leads to', () => {
  it('three outcomes in one transaction: only the deferred recipient is tried again', async () => {
    const { mail, transport } = await relay();
    transport.answer(() => ({
      response: '250 Ok: queued',
      recipients: [
        { address: 'a@x.test', state: 'sent' },
        {
          address: 'b@x.test',
          state: 'deferred',
          error: new MailError('450 busy', { scope: 'recipient', replyCode: 450 }),
        },
        {
          address: 'c@x.test',
          state: 'bounced',
          error: new MailError('550 unknown', {
            scope: 'recipient',
            permanent: true,
            replyCode: 550,
            enhancedCode: '5.1.1',
          }),
        },
      ],
    }));
    const { id } = await mail.send({ ...message, to: ['a@x.test', 'b@x.test'], bcc: 'c@x.test' });
    const status = await mail.wait(id, { timeout: '10s' });
    expect(transport.messages.map(({ envelope }) => envelope.to)).toEqual([
      ['a@x.test', 'b@x.test', 'c@x.test'],
      ['b@x.test'],
    ]);
    expect(transport.contexts[0]!.idempotencyKey).not.toBe(transport.contexts[1]!.idempotencyKey);
    const byAddress = Object.fromEntries(status.recipients.map((recipient) => [recipient.address, recipient]));
    expect(byAddress).toMatchObject({
      'a@x.test': { state: 'sent' },
      'b@x.test': { state: 'sent' },
      'c@x.test': { state: 'bounced', error: { message: '550 unknown', replyCode: 550, enhancedCode: '5.1.1' } },
    });
    expect(status.attempts).toHaveLength(2);
    expect(status.events.map(({ type, recipient }) => `${type} ${recipient}`)).toEqual(
      expect.arrayContaining(['sent a@x.test', 'deferred b@x.test', 'bounced c@x.test', 'sent b@x.test']) as string[],
    );
  });

  it('a permanent fault of the mail bounces at once', async () => {
    const { mail, transport } = await relay();
    transport.answer(refuse({ scope: 'message', permanent: true, replyCode: 554 }, '554 spam'));
    const { id } = await mail.send(message);
    const status = await mail.wait(id, { timeout: '10s' });
    expect(status.recipients).toEqual([
      { address: 'ada@x.test', state: 'bounced', error: { message: '554 spam', replyCode: 554 } },
    ]);
    expect(transport.messages).toHaveLength(1);
  });

  it('an attempt that everybody was refused in says why', async () => {
    const { mail, transport } = await relay();
    const refused = (address: string, words: string) => ({
      address,
      state: 'bounced' as const,
      error: new MailError(words, { scope: 'recipient', permanent: true, replyCode: 550 }),
    });
    transport.answer(
      () => ({ recipients: [refused('ada@x.test', '550 5.1.1 unknown')] }),
      () => ({ recipients: [refused('a@x.test', '550 5.1.1 no a'), refused('b@x.test', '550 5.1.1 no b')] }),
      () => ({ recipients: [refused('b@x.test', '550 5.1.1 no b')] }),
    );
    const attempt = async (to: string | string[]) => {
      const { id } = await mail.send({ ...message, to });
      return (await mail.wait(id, { timeout: '10s' })).attempts[0]!;
    };
    expect(await attempt('ada@x.test')).toMatchObject({
      outcome: 'bounced: 550 5.1.1 unknown',
      error: { message: '550 5.1.1 unknown', scope: 'recipient', ambiguous: false, replyCode: 550 },
    });
    expect(await attempt(['a@x.test', 'b@x.test'])).toMatchObject({
      outcome: 'bounced',
      error: { message: '550 5.1.1 no a' },
    });
    const partly = await attempt(['a@x.test', 'b@x.test']);
    expect(partly.outcome).toBe('1 sent, 1 bounced');
    expect(partly.error).toBeUndefined();
  });

  it("a transport's trouble is never the mail's fault, even when it is permanent or no MailError at all", async () => {
    const { mail, transport } = await relay();
    transport.answer(refuse({ scope: 'transport', permanent: true, reason: 'credentials' }), () => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    });
    const { id } = await mail.send(message);
    const status = await mail.wait(id, { timeout: '10s' });
    expect(status.recipients[0]!.state).toBe('sent');
    expect(status.attempts.map(({ error }) => error?.scope)).toEqual(['transport', 'transport', undefined]);
  });

  it('an ambiguous attempt is tried again with the same Message-ID', async () => {
    const { mail, transport } = await relay();
    transport.answer(refuse({ ambiguous: true }, 'the answer was lost'));
    const { id } = await mail.send(message);
    const status = await mail.wait(id, { timeout: '10s' });
    expect(status.recipients[0]!.state).toBe('sent');
    expect(status.attempts[0]).toMatchObject({ outcome: 'ambiguous', error: { ambiguous: true } });
    expect(new Set(transport.messages.map(({ messageId }) => messageId)).size).toBe(1);
  });

  it('or held as a dead letter, which retry() sends', async () => {
    const { mail, transport } = await relay({ onAmbiguous: 'hold' });
    transport.answer(refuse({ ambiguous: true }, 'the answer was lost'));
    const { id } = await mail.send(message);
    const held = await mail.wait(id, { timeout: '10s' });
    expect(held.recipients[0]).toMatchObject({ state: 'failed', error: { reason: 'ambiguous' } });
    expect(transport.messages).toHaveLength(1);
    expect(await mail.retry(id)).toBe(true);
    expect((await mail.wait(id, { timeout: '10s' })).recipients[0]!.state).toBe('sent');
  });

  it('a mail that is deferred for longer than maxAge bounces as expired', async () => {
    const { mail, transport } = await relay({ retry: { maxAge: '300ms', delay: 20, maxDelay: 50 } });
    transport.answer(...Array.from({ length: 100 }, () => refuse({ scope: 'message', replyCode: 451 }, '451 later')));
    const { id } = await mail.send(message);
    const status = await mail.wait(id, { timeout: '20s' });
    expect(status.recipients[0]).toMatchObject({
      state: 'bounced',
      error: { reason: 'expired', message: expect.stringContaining('451 later') as string },
    });
    expect(status.attempts.length).toBeGreaterThan(2);
  });

  it('after that, retry() begins its age anew', async () => {
    const { mail, transport } = await relay({ retry: { maxAge: '200ms', delay: 20, maxDelay: 50 } });
    const later = refuse({ scope: 'message', replyCode: 451 }, '451 later');
    transport.answer(...Array.from({ length: 100 }, () => later));
    const { id } = await mail.send(message);
    const before = (await mail.wait(id, { timeout: '20s' })).attempts.length;
    expect(await mail.retry(id)).toBe(true);
    await mail.wait(id, { timeout: '20s' });
    expect((await mail.status(id))!.attempts.length).toBeGreaterThan(before + 1);
  });

  it('what the provider took is sent, whatever an interceptor does afterwards', async () => {
    class Broken implements MailInterceptor {
      async intercept(intercepted: MailMessage, next: { handle(message: MailMessage): Promise<TransportResult> }) {
        await next.handle(intercepted);
        if (intercepted.id) throw new Error('the metrics are down');
        return {};
      }
    }
    const { mail, transport } = await relay({ interceptors: [Broken] });
    const { id } = await mail.send(message);
    expect((await mail.wait(id, { timeout: '10s' })).recipients[0]!.state).toBe('sent');
    expect(transport.messages).toHaveLength(1);
  });

  it("obeys the provider's Retry-After", async () => {
    const { mail, transport } = await relay();
    transport.answer(refuse({ scope: 'transport', retryAfter: '400ms' }));
    const { id } = await mail.send(message);
    const { attempts } = await mail.wait(id, { timeout: '10s' });
    expect(attempts[1]!.at.getTime() - attempts[0]!.at.getTime()).toBeGreaterThanOrEqual(400);
  });

  it('retry() sends a bounced mail again to those who did not get it, as often as it is asked', async () => {
    const { mail, transport } = await relay();
    const bounce = () => ({
      recipients: [
        {
          address: 'b@x.test',
          state: 'bounced' as const,
          error: new MailError('550', { permanent: true, scope: 'recipient' }),
        },
      ],
    });
    transport.answer(bounce, bounce);
    const { id } = await mail.send({ ...message, to: ['a@x.test', 'b@x.test'] });
    await mail.wait(id, { timeout: '10s' });
    expect(await mail.retry(id)).toBe(true);
    await transport.received(2);
    expect((await mail.wait(id, { timeout: '10s' })).recipients.map(({ state }) => state).toSorted()).toEqual([
      'bounced',
      'sent',
    ]);
    expect(await mail.retry(id)).toBe(true);
    await transport.received(3);
    expect((await mail.wait(id, { timeout: '10s' })).recipients.map(({ state }) => state)).toEqual(['sent', 'sent']);
    expect(transport.messages.map(({ envelope }) => envelope.to)).toEqual([
      ['a@x.test', 'b@x.test'],
      ['b@x.test'],
      ['b@x.test'],
    ]);
    expect(await mail.retry(id)).toBe(false);
    expect(await mail.retry('no-such-mail')).toBe(false);
  });

  it("logs each attempt once, with the server's words and without the body", async () => {
    const lines: string[] = [];
    const note = (text: unknown) => void lines.push(String(text));
    Logger.overrideLogger({ log: note, warn: note, error: note } satisfies LoggerService);
    const { mail, transport } = await relay();
    Logger.overrideLogger({ log: note, warn: note, error: note } satisfies LoggerService);
    transport.answer(refuse({ scope: 'message', replyCode: 451 }, '451 greylisted'), () => ({ response: '250 Ok 7' }));
    const { id } = await mail.send(message);
    await mail.wait(id, { timeout: '10s' });
    Logger.overrideLogger(false);
    const attempts = lines.filter((line) => line.includes(id));
    expect(attempts).toHaveLength(2);
    expect(attempts[0]).toContain('451 greylisted');
    expect(attempts[1]).toContain('250 Ok 7');
    expect(lines.join()).not.toContain('the body');
  });
});

describe('the wait before the next attempt', () => {
  const schedule = { maxAge: 1000, delay: 10, maxDelay: 100 };
  it('doubles up to maxDelay, with full jitter, and ends at maxAge', () => {
    const longest = (deferrals: number) => nextAttempt(schedule, { now: 0, since: 0, deferrals }, () => 1);
    expect([0, 1, 2, 3, 4, 2000].map(longest)).toEqual([10, 20, 40, 80, 100, 100]);
    expect(nextAttempt(schedule, { now: 0, since: 0, deferrals: 3 }, () => 0)).toBe(1);
    expect(nextAttempt(schedule, { now: 990, since: 0, deferrals: 9 }, () => 1)).toBe(1000);
    expect(nextAttempt(schedule, { now: 1000, since: 0, deferrals: 9 }, () => 0)).toBe('expired');
    expect(nextAttempt(schedule, { now: 0, since: 0, deferrals: 0, retryAfter: 500 }, () => 0)).toBe(500);
  });
});

describe('sendNow()', () => {
  it("gives the provider's answer per recipient, past the queue", async () => {
    const { mail, transport } = await relay();
    transport.answer(() => ({
      recipients: [
        {
          address: 'b@x.test',
          state: 'bounced',
          error: new MailError('550 no', { permanent: true, scope: 'recipient', replyCode: 550 }),
        },
      ],
    }));
    const result = await mail.sendNow({ ...message, to: ['a@x.test', 'b@x.test'] });
    expect(result.recipients).toEqual([
      { address: 'a@x.test', state: 'sent' },
      { address: 'b@x.test', state: 'bounced', error: { message: '550 no', replyCode: 550 } },
    ]);
    expect(await mail.status(result.id)).toBeNull();
  });

  it('throws when the provider could not be asked, and is never tried again', async () => {
    const { mail, transport } = await relay();
    transport.answer(refuse({ scope: 'transport', code: 'ECONNREFUSED' }, 'provider down'));
    await expect(mail.sendNow(message)).rejects.toMatchObject({ message: 'provider down', scope: 'transport' });
    await expect(mail.sendNow({ ...message, delay: '1s' })).rejects.toThrow('sends at once');
    expect(transport.messages).toHaveLength(1);
  });
});

describe('sendMany()', () => {
  it('streams rows in chunks, with a result or an error for each', async () => {
    const { mail, transport } = await relay();
    let read = 0;
    async function* rows() {
      for (; read < 25; read++)
        yield {
          to: read === 7 ? 'nobody' : `u${read}@x.test`,
          subject: `n${read}`,
          text: 'x',
          idempotencyKey: read === 9 ? 'k8' : `k${read}`,
        };
    }
    const items = [];
    for await (const item of mail.sendMany(rows(), { chunk: 10 })) {
      // No more than a chunk ahead of the reader.
      expect(read).toBeLessThanOrEqual(Math.ceil((items.length + 1) / 10) * 10);
      items.push(item);
    }
    expect(items.map(({ index }) => index)).toEqual(Array.from({ length: 25 }, (_, index) => index));
    expect(items[7]).toMatchObject({ error: { field: 'to' } });
    expect(items[9]).toMatchObject({ duplicate: true });
    await transport.received(23);
    expect(new Set(transport.messages.map(({ subject }) => subject)).size).toBe(23);
  });

  it('gives a summary when it is awaited', async () => {
    const { mail } = await relay({ worker: { concurrency: 1 } });
    const summary = await mail.sendMany([
      message,
      { ...message, to: 'nobody' },
      { ...message, idempotencyKey: 'a' },
      { ...message, idempotencyKey: 'a' },
    ]);
    expect(summary).toEqual({ queued: 2, duplicates: 1, suppressed: 0, rejected: 1 });
  });

  it('leaves no chunk half told when its rows come to a bad end', async () => {
    const { mail, app } = await relay();
    const queued: string[] = [];
    app
      .get(MailEvents)
      .of('queued')
      .subscribe(({ recipient }) => queued.push(recipient));
    function* rows() {
      for (let row = 0; row < 25; row++) yield { to: `u${row}@x.test`, subject: 'x', text: 'x' };
      throw new Error('the rows are broken');
    }
    await expect(Promise.resolve(mail.sendMany(rows(), { chunk: 10 }))).rejects.toThrow('the rows are broken');
    expect(queued).toEqual(Array.from({ length: 20 }, (_, row) => `u${row}@x.test`));
  });

  it('refuses what is no list, and a second reader', async () => {
    const { mail } = await relay();
    expect(() => mail.sendMany(7 as never)).toThrow('mails');
    expect(() => mail.sendMany([], { chunk: 0 })).toThrow('chunk');
    const run = mail.sendMany([message]);
    await run;
    expect(() => run[Symbol.asyncIterator]()).toThrow('once');
  });
});
