import { BullModule, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, type INestApplicationContext, Module, type ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Queue } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import {
  getMailServiceToken,
  getMailTransportToken,
  getRelayQueueToken,
  InjectMailService,
  Mail,
  type Mailable,
  type MailInterceptor,
  type MailMessage,
  MailService,
  MailTransport,
  RELAY_QUEUE,
  RelayConfigurationError,
  RelayModule,
  type RelayOptions,
  type RelayOptionsFactory,
  type TransportResult,
} from '../../lib/index.js';
import { RecordingTransport } from '../support/recording.transport.js';
import { redisUrl } from '../support/servers.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const running: INestApplicationContext[] = [];
const message = { to: 'ada@x.test', subject: 'x', text: 'x' } as const;

async function start(metadata: ModuleMetadata) {
  const app = await Test.createTestingModule(metadata)
    .setLogger(false as never)
    .compile();
  await app.init();
  running.push(app);
  return app;
}

async function options(given: RelayOptions = {}): Promise<RelayOptions> {
  return {
    from: 'hello@acme.test',
    transport: new RecordingTransport(),
    queue: { redis: await redisUrl(), name: `t-${randomUUID()}` },
    ...given,
  };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

describe('RelayModule', () => {
  it('is global, and gives the service, the root transport and the queue', async () => {
    @Injectable()
    class Shop {
      constructor(
        readonly mail: MailService,
        readonly transport: MailTransport,
        @InjectQueue(RELAY_QUEUE) readonly queue: Queue,
      ) {}
    }
    @Module({ providers: [Shop] })
    class ShopModule {}
    const transport = new RecordingTransport();
    const app = await start({ imports: [ShopModule, RelayModule.forRoot(await options({ transport }))] });
    const shop = app.get(Shop, { strict: false });
    expect(shop.mail).toBeInstanceOf(MailService);
    const { id } = await shop.mail.send({ ...message, delay: '1h' });
    expect(await shop.queue.getJobCounts('delayed')).toEqual({ delayed: 1 });
    expect((await shop.queue.getJob(id))!.data).toMatchObject({ messageId: `<${id}@acme.test>` });
    expect(app.get(getRelayQueueToken())).toBe(shop.queue);
    await shop.transport.send(await shop.mail.render(message), {
      signal: AbortSignal.timeout(1000),
      attempt: 1,
      idempotencyKey: 'x',
    });
    expect(transport.messages).toHaveLength(1);
  });

  it('takes its options from a factory, a class, or an existing provider', async () => {
    const given = await options();
    @Injectable()
    class Config implements RelayOptionsFactory {
      createRelayOptions = () => given;
    }
    @Module({ providers: [Config], exports: [Config] })
    class ConfigModule {}
    const ways = [
      RelayModule.forRootAsync({
        imports: [ConfigModule],
        inject: [Config],
        useFactory: async (config: Config) => config.createRelayOptions(),
      }),
      RelayModule.forRootAsync({ useClass: Config }),
      RelayModule.forRootAsync({ imports: [ConfigModule], useExisting: Config }),
    ];
    for (const relay of ways) {
      const app = await start({ imports: [relay] });
      const { id } = await app.get(MailService).send(message);
      expect((await app.get(MailService).wait(id, { timeout: '10s' })).recipients[0]!.state).toBe('sent');
      await app.close();
    }
  });

  it('can be there several times, by name', async () => {
    const [first, second] = [new RecordingTransport(), new RecordingTransport()];
    @Injectable()
    class Both {
      constructor(
        readonly mail: MailService,
        @InjectMailService('marketing') readonly marketing: MailService,
        @Inject(getMailTransportToken('marketing')) readonly transport: MailTransport,
      ) {}
    }
    const redis = await redisUrl();
    const suffix = randomUUID();
    const app = await start({
      imports: [
        RelayModule.forRoot({ from: 'a@acme.test', transport: first, queue: { redis, name: `a-${suffix}` } }),
        RelayModule.forRootAsync({
          name: 'marketing',
          useFactory: () => ({ from: 'b@acme.test', transport: second, queue: { redis, name: `b-${suffix}` } }),
        }),
      ],
      providers: [Both],
    });
    const { mail, marketing } = app.get(Both);
    expect(app.get(getMailServiceToken('marketing'))).toBe(marketing);
    expect(app.get(getRelayQueueToken('marketing'))).not.toBe(app.get(getRelayQueueToken()));
    const same = { ...message, idempotencyKey: 'same' };
    await Promise.all([mail.send(same), marketing.send(same)]);
    await Promise.all([first.received(1), second.received(1)]);
    expect([first.messages[0]!.from.address, second.messages[0]!.from.address]).toEqual(['a@acme.test', 'b@acme.test']);
  });

  it('makes transports and interceptors that are classes, with what they inject', async () => {
    @Injectable()
    class Api {
      readonly sent: MailMessage[] = [];
    }
    @Module({ providers: [Api], exports: [Api] })
    class ApiModule {}
    @Injectable()
    class ApiTransport extends MailTransport {
      constructor(private readonly api: Api) {
        super();
      }
      async send(sent: MailMessage) {
        this.api.sent.push(sent);
      }
    }
    @Injectable()
    class Footer implements MailInterceptor {
      constructor(private readonly api: Api) {}
      intercept(sent: MailMessage, next: { handle(message: MailMessage): Promise<TransportResult> }) {
        return next.handle({ ...sent, text: `${sent.text} (${this.api.sent.length} before)` });
      }
    }
    const given = await options({ transport: ApiTransport, interceptors: [Footer] });
    const app = await start({ imports: [RelayModule.forRootAsync({ imports: [ApiModule], useFactory: () => given })] });
    const mail = app.get(MailService);
    await mail.wait((await mail.send(message)).id, { timeout: '10s' });
    const [sent] = app.get(Api).sent;
    expect(sent!.text).toBe('x (0 before)');
    expect(Buffer.from(await sent!.raw()).toString()).toContain('x (0 before)');
  });

  it("takes the connection of the application's BullModule, and leaves its queues alone", async () => {
    const url = new URL(await redisUrl());
    const connection = { host: url.hostname, port: Number(url.port), db: Number(url.pathname.slice(1) || 0) };
    const name = `t-${randomUUID()}`;
    for (const reversed of [false, true]) {
      const imports = [
        RelayModule.forRoot({ ...(await options({ queue: { redis: 'shared', name } })) }),
        BullModule.forRoot({ connection }),
        BullModule.registerQueue({ name: 'own' }),
      ];
      const app = await start({ imports: reversed ? imports.toReversed() : imports });
      const mail = app.get(MailService);
      expect((await mail.wait((await mail.send(message)).id, { timeout: '10s' })).recipients[0]!.state).toBe('sent');
      await app.close();
    }
  });

  it('adds templates and mails of a feature', async () => {
    const dir = await temporaryFolder({ 'invoice.hbs': 'Total {{total}}' });
    @Mail({ subject: 'x' })
    class Rendered implements Mailable {
      render() {
        return { template: 'billing/invoice', context: { total: 7 } };
      }
    }
    const feature = RelayModule.forFeature({ templates: { dir, prefix: 'billing' }, mails: [Rendered] });
    const app = await start({ imports: [RelayModule.forRoot(await options()), feature] });
    const mail = app.get(MailService);
    expect((await mail.render({ subject: 'x', template: 'billing/invoice', context: { total: 5 } })).html).toBe(
      'Total 5',
    );
    expect((await mail.render(Rendered, {})).html).toBe('Total 7');
  });

  it('with worker: false only queues, and needs no transport and no templates', async () => {
    const queue = { redis: await redisUrl(), name: `t-${randomUUID()}` };
    @Mail({ name: 'report', template: 'report', subject: 'x' })
    class Report implements Mailable<{ month: string }> {
      render(_data: { month: string }) {
        return null;
      }
    }
    const web = await start({ imports: [RelayModule.forRoot({ from: 'a@acme.test', worker: false, queue })] });
    const { id } = await web.get(MailService).send(Report, { to: 'ada@x.test', data: { month: 'May' } });
    await expect(web.get(MailService).sendNow(message)).rejects.toThrow('only queues');
    expect((await web.get(MailService).status(id))!.recipients[0]!.state).toBe('queued');

    // A worker that does not know the mail leaves it for one that does.
    const transport = new RecordingTransport();
    const stranger = await start({ imports: [RelayModule.forRoot({ from: 'a@acme.test', transport, queue })] });
    const other = await stranger.get(MailService).send(message);
    await stranger.get(MailService).wait(other.id, { timeout: '10s' });
    const status = await web.get(MailService).status(id);
    expect(status).toMatchObject({
      attempts: [],
      recipients: [{ state: expect.stringMatching(/queued|scheduled/) as string }],
    });
  });
});

describe('wrong configuration fails at start, and names the option', () => {
  it.each<[string, unknown, string]>([
    ['an unknown option', { transprot: 'x' }, 'transprot'],
    ['nothing', null, 'options'],
    ['transport and transports', { transports: { a: new RecordingTransport() } }, 'transports'],
    ['no transports', { transport: undefined, transports: {} }, 'transports'],
    ['a transport of a wrong kind', { transport: 7 }, 'transport'],
    ['an unknown setting of a transport', { transport: { use: new RecordingTransport(), rat: 1 } }, 'transport.rat'],
    ['a route that is not there', { route: 'nope' }, 'route'],
    ['a bad sender', { from: 'nobody' }, 'from'],
    ['a header with a line break', { headers: { 'X-A': 'a\nb' } }, 'headers.X-A'],
    ['a bad duration', { retry: { delay: 'soon' } }, 'retry.delay'],
    ['a template folder that is not there', { templates: { dir: '/nowhere/at/all' } }, 'templates.dir'],
    ['templates without a folder', { templates: {} }, 'templates.dir'],
    ['a wrong concurrency', { worker: { concurrency: 0 } }, 'worker.concurrency'],
    ['a wrong place count', { worker: { streams: { broadcast: 0.5 } } }, 'worker.streams.broadcast'],
    ['a wrong choice', { onAmbiguous: 'maybe' }, 'onAmbiguous'],
    ['two backends', { queue: { redis: 'redis://127.0.0.1', embedded: true } }, 'queue'],
    ['an unknown backend', { queue: { rabbit: 'x' } }, 'queue'],
    ['interceptors that are no classes', { interceptors: [{}] }, 'interceptors'],
    ["'shared' without a BullModule", { queue: { redis: 'shared' } }, 'queue.redis'],
  ])('%s', async (_what, wrong, option) => {
    const given = wrong === null ? null : { ...(await options()), ...(wrong as object) };
    const error = await start({ imports: [RelayModule.forRootAsync({ useFactory: () => given as never })] }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(RelayConfigurationError);
    expect((error as RelayConfigurationError).option).toContain(option);
  });

  it('a relay without a transport in production', async () => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = 'production';
    try {
      await expect(start({ imports: [RelayModule.forRoot(await options({ transport: undefined }))] })).rejects.toThrow(
        'NODE_ENV is production',
      );
    } finally {
      process.env.NODE_ENV = before;
    }
  });

  it('two mail classes of one name', async () => {
    const mailClass = () => {
      @Mail({ name: 'twin' })
      class Twin implements Mailable {
        render() {
          return null;
        }
      }
      return Twin;
    };
    await expect(
      start({ imports: [RelayModule.forRoot(await options())], providers: [mailClass(), mailClass()] }),
    ).rejects.toThrow('two mail classes are named "twin"');
  });

  it("a @Processor() of the application on the relay's queue", async () => {
    const given = await options();
    @Processor(given.queue!.name!)
    class Thief extends WorkerHost {
      async process() {}
    }
    const url = new URL(await redisUrl());
    const bull = BullModule.forRoot({ connection: { host: url.hostname, port: Number(url.port) } });
    await expect(start({ imports: [bull, RelayModule.forRoot(given)], providers: [Thief] })).rejects.toThrow(
      'would take mails',
    );
  });
});
