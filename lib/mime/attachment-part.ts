import { MailMessageError } from '../errors/mail-message.error.js';
import { fold } from './fold.js';
import type { MimeAttachment } from './mime-input.interface.js';
import type { Leaf } from './mime-entity.js';
import { parameter } from './parameter.js';
import { isSevenBit } from './text-encoding.js';

/** An attachment, or an inline part where it has a `cid`; its bytes arrive unchanged. */
export function attachmentPart(attachment: MimeAttachment, content: Uint8Array, field: string): Leaf {
  const { filename, cid } = attachment;
  if (!CONTENT_TYPE.test(attachment.contentType))
    throw new MailMessageError(`${field}.contentType`, 'is no media type');
  if (filename !== undefined && CONTROLS.test(filename))
    throw new MailMessageError(`${field}.filename`, 'holds a control character');
  if (cid !== undefined && !CID.test(cid))
    throw new MailMessageError(`${field}.cid`, 'is printable ASCII without spaces, < and >');

  // A composite type must not be encoded (RFC 2046 sections 5.1 and 5.2.1). What cannot go as it is goes as bytes of no known kind.
  const composite = COMPOSITE.test(attachment.contentType);
  const asIs = composite && isSevenBit(content);
  const contentType = composite && !asIs ? 'application/octet-stream' : attachment.contentType;
  let fields = `${fold('Content-Type', contentType)}\r\n`;
  fields += `Content-Disposition: ${cid === undefined ? 'attachment' : 'inline'}${filename === undefined ? '' : parameter('filename', filename)}\r\n`;
  if (cid !== undefined) fields += `Content-ID: <${cid}>\r\n`;
  return asIs
    ? { fields, encoding: '7bit', content: Buffer.from(content).toString('latin1') }
    : { fields, encoding: 'base64', content };
}

/** RFC 6838 section 4.2, and parameters. */
const CONTENT_TYPE = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}(?: *;[ -~]{0,700})?$/;
/** message/global may be encoded, RFC 6532 section 3.7. */
const COMPOSITE = /^(?:multipart|message)\/(?!global)/i;
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\0-\x1f\x7f]/;
const CID = /^[!-;=?-~]{1,900}$/;
