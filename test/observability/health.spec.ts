import { Controller, Get, Inject, Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RelayHealthIndicator, SenderDomainHealthIndicator, type SenderDomainHealthOptions } from '../../lib/health.js';
import {
  getRelayHealthToken,
  MailService,
  MailTransport,
  RelayHealth,
  RelayModule,
  type RelayOptions,
  SmtpTransport,
} from '../../lib/index.js';
import { POLICY, rsa, wellKept } from '../sender-domain/well-kept-domain.js';
import { startDnsServer } from '../support/dns-server.js';
import { startRedis } from '../support/redis.js';
import { redisUrl } from '../support/servers.js';

const server = await startDnsServer();
afterAll(() => server.close());
beforeEach(() => void (server.zone = wellKept()));

const running: INestApplication[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

let options: SenderDomainHealthOptions = {};

@Controller()
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(RelayHealthIndicator) private readonly relay: RelayHealthIndicator,
    @Inject(SenderDomainHealthIndicator) private readonly domain: SenderDomainHealthIndicator,
  ) {}

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.relay.isHealthy('mail')]);
  }

  @Get('domain')
  @HealthCheck()
  domains() {
    return this.health.check([() => this.domain.isHealthy('domain', options)]);
  }
}

async function start(relay: RelayOptions, metadata: ModuleMetadata = {}) {
  const senderDomains = {
    dns: { servers: [server.address], maxTtl: 0, maxNegativeTtl: 0 },
    fetchPolicy: async () => POLICY,
  };
  @Module({
    imports: [
      TerminusModule.forRoot({ logger: false }),
      RelayModule.forRoot({ from: 'hello@acme.test', senderDomains, ...relay }),
    ],
    controllers: [HealthController],
    providers: [RelayHealthIndicator, SenderDomainHealthIndicator],
    ...metadata,
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  running.push(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const get = async (path: string) => {
    const response = await fetch(`${url}/${path}`);
    return { status: response.status, body: (await response.json()) as { details: Record<string, any> } };
  };
  return { app, get };
}

class BrokenTransport extends MailTransport {
  async send(): Promise<void> {
    throw new Error('out of order');
  }
}

describe('the health of the sender domain', () => {
  const transport = () => new SmtpTransport({ host: 'smtp.acme.test', dkim: rsa });

  it('is up while nothing fails, and tells the warnings', async () => {
    options = { cacheFor: 0 };
    const { get } = await start({ transport: transport(), queue: { embedded: true } });
    expect(await get('domain')).toMatchObject({
      status: 200,
      body: { details: { domain: { status: 'up', domain: 'acme.test', failures: [], checkedAt: expect.any(String) } } },
    });
  });

  it('is down when a check fails, and says which', async () => {
    options = { cacheFor: 0 };
    server.zone = wellKept({ '_dmarc.acme.test': 'NXDOMAIN' });
    const { get } = await start({ transport: transport(), queue: { embedded: true } });
    expect(await get('domain')).toMatchObject({
      status: 503,
      body: {
        details: {
          domain: { status: 'down', failures: [expect.stringMatching(/^dmarc acme\.test: there is no DMARC record/)] },
        },
      },
    });
  });

  it('is not asked of the DNS again while the report is fresh, nor more than once at a time', async () => {
    options = { cacheFor: '1h' };
    const { get } = await start({ transport: transport(), queue: { embedded: true } });
    await Promise.all([get('domain'), get('domain')]);
    expect(server.asked('_dmarc.acme.test')).toBeGreaterThan(0);
    const before = server.questions.length;
    expect((await get('domain')).status).toBe(200);
    expect(server.questions).toHaveLength(before);
  });

  it('is told from the last report while the next is made', async () => {
    options = { cacheFor: 0 };
    const { get } = await start({ transport: transport(), queue: { embedded: true } });
    expect((await get('domain')).status).toBe(200);
    server.zone = wellKept({ '_dmarc.acme.test': 'NXDOMAIN' });
    expect((await get('domain')).status).toBe(200);
    await expect.poll(async () => (await get('domain')).status).toBe(503);
  });
});

describe('the health of the relay', () => {
  it('is up with its queue and transports', async () => {
    const { get } = await start({ transport: 'memory:', queue: { embedded: true } });
    expect(await get('ready')).toEqual({
      status: 200,
      body: expect.objectContaining({
        details: {
          mail: {
            status: 'up',
            queue: { backend: 'embedded', reachable: true },
            transports: { default: { state: 'up' } },
          },
        },
      }),
    });
  });

  it('is down when no transport takes mails, and up while another does', async () => {
    const queue = { redis: await redisUrl(), name: `t-${randomUUID()}` };
    const transports = { main: new BrokenTransport(), spare: 'memory:' };
    const { app, get } = await start({ transports, route: 'main', queue });
    const mail = app.get(MailService);
    for (let count = 0; count < 3; count++)
      await mail.send({ to: 'ada@x.test', subject: 'x', text: 'x', transport: 'main' });
    const health = app.get(RelayHealth);
    await expect.poll(async () => (await health.check()).transports['main']?.state, { timeout: 20_000 }).toBe('down');
    expect(await get('ready')).toMatchObject({
      status: 200,
      body: {
        details: {
          mail: { transports: { main: { state: 'down', until: expect.any(String) }, spare: { state: 'up' } } },
        },
      },
    });
    const alone = await start({
      transport: new BrokenTransport(),
      queue: { redis: await redisUrl(), name: `t-${randomUUID()}` },
    });
    for (let count = 0; count < 3; count++)
      await alone.app.get(MailService).send({ to: 'ada@x.test', subject: 'x', text: 'x' });
    await expect.poll(async () => (await alone.get('ready')).status, { timeout: 20_000 }).toBe(503);
  });

  it('is down while the queue is not reachable, and up again afterwards', async () => {
    const redis = await startRedis();
    try {
      const { get } = await start({ transport: 'memory:', queue: { redis: redis.url } });
      expect((await get('ready')).status).toBe(200);
      await redis.kill();
      expect(await get('ready')).toMatchObject({
        status: 503,
        body: { details: { mail: { status: 'down', queue: { backend: 'redis', reachable: false } } } },
      });
      await redis.restart();
      await expect.poll(async () => (await get('ready')).status, { timeout: 20_000 }).toBe(200);
    } finally {
      await redis.stop();
    }
  });

  it('of a further relay goes by its name', async () => {
    const providers = [
      SenderDomainHealthIndicator,
      {
        provide: RelayHealthIndicator,
        inject: [HealthIndicatorService, getRelayHealthToken('marketing')],
        useFactory: (indicators: HealthIndicatorService, health: RelayHealth) =>
          new RelayHealthIndicator(indicators, health),
      },
    ];
    const further = RelayModule.forRoot({
      name: 'marketing',
      from: 'm@acme.test',
      transports: { only: 'memory:' },
      queue: { embedded: true },
    });
    const main = RelayModule.forRoot({ from: 'hello@acme.test', transport: 'memory:', queue: { embedded: true } });
    const { get } = await start({}, { providers, imports: [TerminusModule.forRoot({ logger: false }), main, further] });
    expect((await get('ready')).body.details['mail']).toMatchObject({ transports: { only: { state: 'up' } } });
  });
});
