import { randomUUID } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import {
  failover,
  perTenant,
  type RelayOptions,
  type RelaySurroundings,
  type TenantTransportOptions,
} from '../../lib/index.js';
import { RecordingTransport, refuse } from '../support/recording.transport.js';
import { type RelayApplication, startRelay } from '../support/relay-application.js';
import { redisUrl } from '../support/servers.js';

const running: RelayApplication[] = [];
const message = { to: 'ada@x.test', subject: 'x', text: 'x' } as const;
const down = refuse({ scope: 'transport' }, 'connection refused');

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
});

async function start(options: RelayOptions): Promise<RelayApplication> {
  const application = await startRelay({ retry: { delay: 1, maxDelay: 2 }, ...options });
  running.push(application);
  return application;
}

/** A relay whose tenants have transports that are kept here. */
async function tenants(options: TenantTransportOptions = {}, relay: RelayOptions = {}) {
  const made: { tenant: string; transport: RecordingTransport; closed: boolean }[] = [];
  const transport = perTenant(async (tenant) => {
    const one = { tenant, transport: new RecordingTransport(), closed: false };
    one.transport.close = async () => void (one.closed = true);
    made.push(one);
    return one.transport;
  }, options);
  const { mail } = await start({ transport, ...relay });
  const sent = async (tenant: string) => mail.wait((await mail.send({ ...message, tenant })).id, { timeout: '20s' });
  return { made, transport, mail, sent };
}

it('a tenant has a transport of its own, made once, when it is first needed', async () => {
  const { made, sent } = await tenants();
  expect(made).toEqual([]);
  for (const tenant of ['a', 'b', 'a']) expect((await sent(tenant)).recipients[0]!.state).toBe('sent');
  expect(made.map(({ tenant, transport }) => [tenant, transport.messages.length])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});

it('so many are kept and no more, those that nobody uses only for a while, and none beyond the application', async () => {
  const { made, sent } = await tenants({ max: 2, idle: 50 });
  for (const tenant of ['a', 'b', 'c']) await sent(tenant);
  await vi.waitFor(() => expect(made[0]!.closed).toBe(true));
  await vi.waitFor(() => expect(made.every(({ closed }) => closed)).toBe(true));
  await sent('a');
  expect(made.map(({ tenant }) => tenant)).toEqual(['a', 'b', 'c', 'a']);
  await Promise.all(running.splice(0).map(({ close }) => close()));
  expect(made.at(-1)!.closed).toBe(true);
});

it('one that is forgotten is made anew, in other processes too', async () => {
  const queue = { redis: await redisUrl(), name: `t-${randomUUID()}` };
  const worker = await tenants({}, { queue });
  await worker.sent('a');
  const settings = perTenant(() => 'memory:');
  await start({ transport: settings, queue, worker: false });
  await settings.forget('a');
  // Known within a second.
  await vi.waitFor(
    async () => {
      await worker.sent('a');
      expect(worker.made).toHaveLength(2);
    },
    { timeout: 10_000 },
  );
  expect(worker.made[0]!.closed).toBe(true);
});

it("one tenant's trouble is no other's", async () => {
  const { made, sent, mail } = await tenants();
  await sent('a');
  made[0]!.transport.answer(...Array<typeof down>(500).fill(down));
  const stuck = await mail.send({ ...message, tenant: 'a' });
  await made[0]!.transport.received(4);
  const status = await sent('b');
  expect(status.attempts).toHaveLength(1);
  expect((await mail.status(stuck.id))!.recipients[0]!.state).toMatch(/queued|deferred|sending/);
});

it('each has the rate, and none shares it', async () => {
  const { made, mail } = await tenants({ rate: '2/s' });
  await mail.sendMany(['a', 'a', 'a', 'b'].map((tenant) => ({ ...message, tenant })));
  await vi.waitFor(() => expect(made).toHaveLength(2));
  const b = made.find(({ tenant }) => tenant === 'b')!;
  await b.transport.received(1);
  expect(made.find(({ tenant }) => tenant === 'a')!.transport.messages.length).toBeLessThan(3);
});

it('settings that cannot be had are trouble of that transport: the route goes on, without a secret', async () => {
  const second = new RecordingTransport();
  const first = perTenant(async () => 'smtp://user:hunter2@host:wrong-port');
  const { mail } = await start({ transports: { first, second }, route: failover('first', 'second') } as RelayOptions);
  const status = await mail.wait((await mail.send({ ...message, tenant: 'a' })).id, { timeout: '10s' });
  expect(status.attempts).toMatchObject([
    { transport: 'first', error: { scope: 'transport' } },
    { transport: 'second' },
  ]);
  expect(JSON.stringify(status)).not.toContain('hunter2');
});

it('what the tenant is sent with is never in the queue', async () => {
  const queue = { redis: await redisUrl(), name: `t-${randomUUID()}` };
  const { mail } = await start({ transport: perTenant(() => 'smtp://user:hunter2@127.0.0.1:1'), queue, worker: false });
  const { id } = await mail.send({ ...message, tenant: 'a' });
  expect(JSON.stringify(await mail.status(id))).not.toContain('hunter2');
});

it('a mail without a tenant is refused', async () => {
  const { mail } = await tenants();
  await expect(mail.send(message)).rejects.toMatchObject({ field: 'tenant' });
});

it.each([
  [7, {}, 'perTenant: needs a function'],
  [() => 'memory:', { max: 0 }, 'perTenant.max'],
  [() => 'memory:', { idle: 'soon' }, 'perTenant.idle'],
  [() => 'memory:', { rate: 'fast' }, 'perTenant.rate'],
])('wrong options are told of: %#', (resolve, options, words) => {
  expect(() => perTenant(resolve as never, options as never)).toThrow(words);
});

it('one that counts over all processes is told what they share, and for whom', async () => {
  const joined: string[] = [];
  const transport = perTenant((tenant) => {
    const one = new RecordingTransport();
    return Object.assign(one, {
      join: ({ name, shared }: RelaySurroundings) => void joined.push(`${tenant}: ${name} ${typeof shared.swap}`),
    });
  });
  const { mail } = await start({ transports: { main: transport } });
  for (const tenant of ['a', 'b', 'a'])
    await mail.wait((await mail.send({ ...message, tenant })).id, { timeout: '20s' });
  expect(joined).toEqual(['a: main/a function', 'b: main/b function']);
});
