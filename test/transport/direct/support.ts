import { onTestFinished } from 'vitest';
import type { DirectTransportOptions } from '../../../lib/transport/direct/direct-transport-options.interface.js';
import { DirectTransport } from '../../../lib/transport/direct/direct.transport.js';
import type { RecipientResult, SendContext, TransportResult } from '../../../lib/transport/mail-transport.js';
import {
  type DnsServerOptions,
  type RunningDnsServer,
  startDnsServer,
  type ZoneEntry,
} from '../../support/dns-server.js';
import { sendContext, testMessage } from '../../support/smtp/test-message.js';

/** A DNS server that ends with the test. */
export async function dnsServer(
  zone: Record<string, ZoneEntry> = {},
  options?: DnsServerOptions,
): Promise<RunningDnsServer> {
  const server = await startDnsServer(zone, options);
  onTestFinished(() => server.close());
  return server;
}

/** A transport that asks this DNS and finds its servers on loopback, closed with the test. */
export function directTransport(dns: RunningDnsServer, options: DirectTransportOptions = {}): DirectTransport {
  const transport = new DirectTransport({
    ...(options.addresses === undefined && { name: 'out.sender.test' }),
    dns: { servers: [dns.address], timeout: '5s', tries: 1 },
    allowPrivate: true,
    mtaSts: false,
    ...options,
  });
  onTestFinished(() => transport.close());
  return transport;
}

/** Sends a short message. */
export async function send(
  transport: DirectTransport,
  to: string | readonly string[],
  context: Partial<SendContext> = {},
): Promise<TransportResult & { recipients: readonly RecipientResult[] }> {
  const result = await transport.send(testMessage({ to }), sendContext(context));
  return { ...result, recipients: result.recipients ?? [] };
}

/** `bob@x.test sent, ada@x.test bounced`. */
export function statesOf({ recipients }: { recipients: readonly RecipientResult[] }): string {
  return recipients.map(({ address, state }) => `${address} ${state}`).join(', ');
}
