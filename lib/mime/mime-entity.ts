import { base64Lines } from './base64.js';
import type { ByteWriter } from './byte-writer.js';
import { type TransferEncoding, writeText } from './text-encoding.js';

/** A part with a content. */
export interface Leaf {
  /** Its MIME fields, each with CRLF; Content-Transfer-Encoding is added. */
  readonly fields: string;
  readonly encoding: TransferEncoding;
  /** Line ends of a text are made CRLF. Bytes go as they are, in base64. */
  readonly content: string | Uint8Array;
}

/** A part made of parts, RFC 2046 section 5.1. */
export interface Multipart {
  readonly subtype: 'alternative' | 'related' | 'mixed';
  readonly parts: readonly Entity[];
}

export type Entity = Leaf | Multipart;

/**
 * Writes an entity, its MIME fields first. Its boundaries occur nowhere in its content.
 *
 * @param id what the boundaries are made of, so that a message composed twice has the same bytes
 */
export function writeEntity(out: ByteWriter, entity: Entity, id: string): void {
  write(out, entity, { token: freeToken(id, entity), count: 0 });
}

interface Boundaries {
  readonly token: string;
  count: number;
}

function write(out: ByteWriter, entity: Entity, boundaries: Boundaries): void {
  if (!('parts' in entity)) return writeLeaf(out, entity);
  // "=_" occurs in no quoted-printable and no base64 (RFC 2045 section 6.7).
  const boundary = `=_${++boundaries.count}_${boundaries.token}`;
  // RFC 2387 section 3.1 wants the type of the part that the others belong to.
  const type = entity.subtype === 'related' ? ';\r\n type="text/html"' : '';
  let before = `Content-Type: multipart/${entity.subtype}${type};\r\n boundary="${boundary}"\r\n\r\n--${boundary}\r\n`;
  for (const part of entity.parts) {
    out.text(before);
    write(out, part, boundaries);
    before = `\r\n--${boundary}\r\n`;
  }
  out.text(`\r\n--${boundary}--\r\n`);
}

function writeLeaf(out: ByteWriter, { fields, encoding, content }: Leaf): void {
  out.text(`${fields}Content-Transfer-Encoding: ${encoding}\r\n\r\n`);
  if (typeof content === 'string') writeText(out, content, encoding);
  else out.bytes(base64Lines(content));
}

/** The id without what a boundary may not hold (RFC 2046 section 5.1.1), changed until no unencoded part holds it. */
function freeToken(id: string, entity: Entity): string {
  const token = id.replace(/[^A-Za-z0-9.-]/g, '').slice(0, 48);
  const plain = unencoded(entity);
  let free = token;
  for (let count = 1; plain.some((text) => text.includes(`_${free}`)); count++) free = `${token}.${count}`;
  return free;
}

function unencoded(entity: Entity): readonly string[] {
  if ('parts' in entity) return entity.parts.flatMap(unencoded);
  return entity.encoding === '7bit' && typeof entity.content === 'string' ? [entity.content] : [];
}
