import { randomInt } from 'node:crypto';
import {
  AUTHENTIC_DATA,
  decode,
  encode,
  RECURSION_DESIRED,
  type Answer,
  type DecodedPacket,
  type Question,
} from 'dns-packet';

export type DnsType = 'A' | 'AAAA' | 'MX' | 'TXT' | 'TLSA' | 'PTR';

export interface DnsQuery {
  readonly id: number;
  readonly name: string;
  readonly type: DnsType;
  readonly bytes: Buffer;
}

/** What a server said, checked to belong to the question. */
export interface DnsReply {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, ... */
  readonly code: string;
  readonly truncated: boolean;
  /** As the server claims. */
  readonly authentic: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
  /** Of the whole message. */
  readonly bytes: number;
}

/**
 * A question. The AD bit asks for the AD bit (RFC 6840 section 5.7); the DO bit would bring signatures too, which we do not look at and
 * which make answers larger than a datagram.
 *
 * @param edns `false` for servers that do not understand it (RFC 6891 section 7)
 */
export function dnsQuery(name: string, type: DnsType, edns = true): DnsQuery {
  const id = randomInt(0x1_0000);
  const bytes = encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ name, type, class: 'IN' }],
    ...(edns && { additionals: [{ ...EDNS }] }),
  });
  return { id, name, type, bytes };
}

/** `undefined` for what is no answer to this question: a stray, or a forgery. */
export function dnsReply(query: DnsQuery, bytes: Buffer): DnsReply | undefined {
  if (bytes.length < 12 || bytes.readUInt16BE(0) !== query.id) return undefined;
  const packet = decoded(bytes);
  if (!packet?.flag_qr || !asks(packet.questions, query)) return undefined;
  const { answers = [], authorities = [] } = packet;
  return {
    code: codeOf(packet),
    truncated: packet.flag_tc,
    authentic: packet.flag_ad,
    answers,
    authorities,
    bytes: bytes.length,
  };
}

/** 1,232 bytes pass every path without fragments, which can be forged: https://www.dnsflagday.net/2020/. */
const EDNS = {
  name: '.',
  type: 'OPT',
  udpPayloadSize: 1_232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
} satisfies Answer;

type Decoded = DecodedPacket & { readonly rcode?: string };

function decoded(bytes: Buffer): Decoded | undefined {
  // Of a message that was cut off, some servers send half a record; what counts is its head.
  const whole = bytes.readUInt16BE(2) & TRUNCATED ? headAndQuestion(bytes) : bytes;
  try {
    return decode(whole);
  } catch {
    return undefined;
  }
}

const TRUNCATED = 1 << 9;

function headAndQuestion(bytes: Buffer): Buffer {
  const head = Buffer.from(bytes);
  head.fill(0, 6, 12);
  return head;
}

function asks(questions: readonly Question[] = [], { name, type }: DnsQuery): boolean {
  const [only] = questions;
  // RFC 5452 section 9.1. Some answer FORMERR without the question: that is not believed, and ends as a timeout would.
  return questions.length === 1 && only!.type === type && only!.class === 'IN' && only!.name.toLowerCase() === name;
}

function codeOf({ rcode = '', additionals = [] }: Decoded): string {
  const extended = additionals.find((record) => record.type === 'OPT')?.extendedRcode ?? 0;
  return extended === 0 ? rcode : `RCODE_${extended}`;
}
