import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { dnsReply, type DnsQuery, type DnsReply } from './dns-message.js';
import { DnsError } from './dns.error.js';
import type { DnsServer } from './dns-settings.js';

/**
 * Asks one server once: by UDP, from a random port, and again by TCP when the answer does not fit a datagram (RFC 7766) or when somebody
 * seems to guess at it.
 *
 * @param timeout milliseconds, for each of the two
 * @throws DnsError when no answer comes
 */
export async function exchange(query: DnsQuery, server: DnsServer, timeout: number): Promise<DnsReply> {
  const reply = await overUdp(query, server, timeout);
  return reply === undefined || reply.truncated ? overTcp(query, server, timeout) : reply;
}

/** Datagrams that do not fit the question, after which UDP is not believed any more. */
const STRAYS = 8;

function overUdp(query: DnsQuery, server: DnsServer, timeout: number): Promise<DnsReply | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
    const timer = setTimeout(() => fail('ETIMEOUT', `no answer within ${timeout} ms`), timeout);
    let strays = 0;
    let over = false;
    const end = (): void => {
      over = true;
      clearTimeout(timer);
      socket.close();
    };
    const fail = (code: string, words: string, cause?: unknown): void => {
      if (over) return;
      end();
      reject(unanswered(query, server, code, words, cause));
    };
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'ECONNECTION', error.message, error));
    socket.on('message', (bytes) => {
      if (over) return;
      const reply = dnsReply(query, bytes);
      if (reply === undefined && ++strays < STRAYS) return;
      end();
      resolve(reply);
    });
    // Connected, it hears this server only, and is told when there is none.
    socket.connect(server.port, server.address, () => {
      if (!over) socket.send(query.bytes);
    });
  });
}

function overTcp(query: DnsQuery, server: DnsServer, timeout: number): Promise<DnsReply> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server.address, port: server.port });
    const timer = setTimeout(() => fail('ETIMEOUT', `no answer within ${timeout} ms`), timeout);
    let heard = Buffer.alloc(0);
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
    };
    const fail = (code: string, words: string, cause?: unknown): void => {
      end();
      reject(unanswered(query, server, code, words, cause));
    };
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'ECONNECTION', error.message, error));
    socket.on('close', () => fail('ECONNECTION', 'it closed the connection'));
    socket.on('data', (chunk) => {
      // At most a length of two bytes, and as much as that can say.
      heard = Buffer.concat([heard, chunk]);
      if (heard.length < 2 || heard.length < 2 + heard.readUInt16BE(0)) return;
      const reply = dnsReply(query, heard.subarray(2, 2 + heard.readUInt16BE(0)));
      if (!reply) return fail('EBADRESP', 'its answer cannot be read');
      end();
      resolve(reply);
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.bytes.length);
    socket.write(Buffer.concat([length, query.bytes]));
  });
}

function unanswered(query: DnsQuery, server: DnsServer, code: string, words: string, cause?: unknown): DnsError {
  return new DnsError(
    `${query.type} of ${query.name}: the DNS server ${serverText(server)} cannot be asked: ${words}`,
    code,
    cause,
  );
}

export function serverText({ address, port }: DnsServer): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
