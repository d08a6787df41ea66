import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { AUTHENTIC_DATA, type Answer, decode, encode, RECURSION_AVAILABLE, TRUNCATED_RESPONSE } from 'dns-packet';

/**
 * What a name has. `NXDOMAIN` (no such name), `SERVFAIL`, `REFUSED`, `FORMERR` are answers without records; `silent` is none at all.
 * A name that is not in the zone is NXDOMAIN, one that has no records of the type asked for is there without (NODATA).
 */
export type ZoneEntry = ZoneRecords | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'FORMERR' | 'silent';

export interface ZoneRecords {
  A?: string | readonly string[];
  AAAA?: string | readonly string[];
  /** `'10 mx.acme.test'`, or `'0 .'` for a null MX. */
  MX?: string | readonly string[];
  /** One string a record, or the strings that make one. */
  TXT?: string | readonly (string | readonly string[])[];
  /** `'3 1 1 <hex>'`. */
  TLSA?: string | readonly string[];
  CNAME?: string;
  PTR?: string | readonly string[];
  /** Seconds. Default 300. */
  ttl?: number;
  /** Whether the AD bit is set. Default what the server's `authentic` says. */
  authentic?: boolean;
  /** How types that are named here are answered, in place of their records. */
  fails?: Partial<Record<string, Exclude<ZoneEntry, ZoneRecords>>>;
}

export interface DnsServerOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** The AD bit of answers. Default `false`. */
  authentic?: boolean;
  /** Every datagram is cut off: the answer is to be had by TCP only. */
  truncate?: boolean;
  /** Whether it follows CNAMEs that it knows, as recursive resolvers do. Default `true`. */
  follow?: boolean;
  /** Negative answers bring this SOA minimum, in seconds; `false`: no SOA. Default 300. */
  minimum?: number | false;
  /** Changes an answer before it goes out, to be bad in one way or other. */
  distort?: (reply: Buffer, query: Buffer) => Buffer | readonly Buffer[];
}

export interface DnsQuestion {
  readonly name: string;
  readonly type: string;
  readonly protocol: 'udp' | 'tcp';
  readonly id: number;
  readonly flags: number;
  readonly edns: boolean;
  /** The client's. */
  readonly port: number;
}

export interface RunningDnsServer {
  /** `127.0.0.1:5353`: for `dns: { servers: [server.address] }`. */
  readonly address: string;
  /** By name in lower case, without a dot at its end; may be changed at any time. */
  zone: Record<string, ZoneEntry>;
  options: DnsServerOptions;
  /** Every question so far, in the order they came. */
  readonly questions: readonly DnsQuestion[];
  /** How often a name was asked for. */
  asked(name: string, type?: string): number;
  close(): Promise<void>;
}

/** A DNS server on loopback, by UDP and TCP on one port, that answers out of an object as a recursive resolver would. */
export async function startDnsServer(
  zone: Record<string, ZoneEntry> = {},
  options: DnsServerOptions = {},
): Promise<RunningDnsServer> {
  const host = options.host ?? '127.0.0.1';
  const questions: DnsQuestion[] = [];
  const sockets = new Set<Socket>();

  const answer = (bytes: Buffer, protocol: 'udp' | 'tcp', port: number): readonly Buffer[] => {
    const query = decode(bytes);
    const [question] = query.questions ?? [];
    if (!question) return [];
    const edns = (query.additionals ?? []).some(({ type }) => type === 'OPT');
    questions.push({
      name: question.name,
      type: question.type,
      protocol,
      id: query.id ?? 0,
      flags: query.flags ?? 0,
      edns,
      port,
    });
    const found = look(running.zone, running.options, question.name, question.type);
    if (found === undefined) return [];
    const cut = protocol === 'udp' && running.options.truncate === true;
    const reply = encode({
      type: 'response',
      id: query.id ?? 0,
      flags:
        RECURSION_AVAILABLE |
        ((query.flags ?? 0) & 0x100) |
        (found.authentic ? AUTHENTIC_DATA : 0) |
        (cut ? TRUNCATED_RESPONSE : 0) |
        found.code,
      questions: [question],
      answers: cut ? [] : found.answers,
      authorities: cut ? [] : found.authorities,
    });
    return [running.options.distort?.(reply, bytes) ?? reply].flat();
  };

  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (bytes: Buffer, from: RemoteInfo) => {
    for (const reply of answer(bytes, 'udp', from.port)) udp.send(reply, from.port, from.address);
  });
  const tcp = createServer((socket) => {
    sockets.add(socket);
    let heard = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      while (heard.length >= 2 && heard.length >= 2 + heard.readUInt16BE(0)) {
        const end = 2 + heard.readUInt16BE(0);
        for (const reply of answer(heard.subarray(2, end), 'tcp', socket.remotePort ?? 0)) {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(reply.length);
          socket.write(Buffer.concat([length, reply]));
        }
        heard = heard.subarray(end);
      }
    });
  });
  const port = await listenOnBoth(udp, tcp, host);

  const running: RunningDnsServer = {
    address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    zone,
    options,
    questions,
    asked: (name, type) =>
      questions.filter((question) => question.name.toLowerCase() === name && (!type || question.type === type)).length,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(resolve)),
        new Promise((resolve) => tcp.close(resolve)),
      ]);
    },
  };
  return running;
}

/** A port that is free for TCP may be taken for UDP. */
async function listenOnBoth(
  udp: ReturnType<typeof createSocket>,
  tcp: ReturnType<typeof createServer>,
  host: string,
): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    tcp.listen(0, host);
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    try {
      udp.bind(port, host);
      await once(udp, 'listening');
      return port;
    } catch (error) {
      if (attempt === 10) throw error;
      await new Promise((resolve) => tcp.close(resolve));
    }
  }
}

interface Found {
  readonly code: number;
  readonly answers: Answer[];
  readonly authorities: Answer[];
  readonly authentic: boolean;
}

const CODES: Readonly<Record<string, number>> = { FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };

function look(
  zone: Record<string, ZoneEntry>,
  options: DnsServerOptions,
  asked: string,
  type: string,
): Found | undefined {
  const answers: Answer[] = [];
  let authentic = options.authentic ?? false;
  let name = asked.toLowerCase();
  for (let step = 0; step < 10; step++) {
    const listed = zone[name] ?? 'NXDOMAIN';
    const entry = typeof listed === 'string' ? listed : (listed.fails?.[type] ?? listed);
    if (entry === 'silent') return undefined;
    if (typeof entry === 'string') {
      const negative = entry === 'NXDOMAIN' ? soa(name, options) : [];
      return { code: CODES[entry]!, answers, authorities: negative, authentic: entry === 'NXDOMAIN' && authentic };
    }
    authentic = entry.authentic ?? authentic;
    const ttl = entry.ttl ?? 300;
    const records = recordsOf(entry, name, type, ttl);
    if (records.length === 0 && entry.CNAME !== undefined) {
      answers.push({ type: 'CNAME', name, ttl, data: entry.CNAME });
      if (options.follow === false) return { code: 0, answers, authorities: [], authentic };
      name = entry.CNAME.toLowerCase();
      continue;
    }
    answers.push(...records);
    return { code: 0, answers, authorities: records.length > 0 ? [] : soa(name, options), authentic };
  }
  return { code: CODES['SERVFAIL']!, answers: [], authorities: [], authentic: false };
}

function soa(name: string, { minimum = 300 }: DnsServerOptions): Answer[] {
  if (minimum === false) return [];
  const zone = name.split('.').slice(-1)[0] || '.';
  return [{ type: 'SOA', name: zone, ttl: 3_600, data: { mname: 'ns.test', rname: 'root.test', minimum } }];
}

function recordsOf(entry: ZoneRecords, name: string, type: string, ttl: number): Answer[] {
  const values = [entry[type as 'A'] ?? []].flat() as readonly (string | readonly string[])[];
  return values.map((value) => toRecord(value, name, type, ttl));
}

function toRecord(value: string | readonly string[], name: string, type: string, ttl: number): Answer {
  if (type === 'TXT') return { type, name, ttl, data: [value].flat() };
  const text = String(value);
  if (type === 'MX') {
    const [preference, exchange = '.'] = text.split(' ');
    return { type, name, ttl, data: { preference: Number(preference), exchange } };
  }
  if (type === 'TLSA') {
    const [usage, selector, matchingType, hex = ''] = text.split(' ');
    const certificate = Buffer.from(hex, 'hex');
    return {
      type,
      name,
      ttl,
      data: { usage: Number(usage), selector: Number(selector), matchingType: Number(matchingType), certificate },
    };
  }
  return { type: type as 'A', name, ttl, data: text };
}
