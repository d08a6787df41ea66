import { simpleParser, type AddressObject } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { composeMime } from '../../lib/mime/compose-mime.js';
import { withAsciiAddresses } from '../../lib/mime/with-ascii-addresses.js';
import { message } from './support.js';

const rewritten = (raw: Uint8Array | string) => Buffer.from(withAsciiAddresses(Buffer.from(raw)));
const headerOf = (raw: Buffer) => raw.toString('latin1', 0, raw.indexOf('\r\n\r\n'));

describe('a message where SMTPUTF8 is not spoken', () => {
  const many = [
    { name: 'Lovelace, Ada', address: 'ada@x.test' },
    { name: 'Jörg', address: 'jörg@x.test' },
    { address: 'søren@x.test' },
    { name: 'Müller, "J"', address: 'müller@x.test' },
    { name: 'Bob', address: 'bob@x.test' },
    { name: 'Plain', address: 'élise@x.test' },
  ];

  it('shows who has an address beyond ASCII, and names it nowhere as one', async () => {
    const composed = composeMime(message({ to: many, cc: [many[1]!], replyTo: [many[2]!, many[0]!], text: 'Grüße' }));
    const raw = rewritten(composed as Uint8Array);
    expect(headerOf(raw)).toMatch(/^[\0-\x7f]*$/); // oxlint-disable-line no-control-regex
    for (const line of headerOf(raw).split('\r\n')) expect(line.length).toBeLessThanOrEqual(78);
    const { to, cc, replyTo, text } = await simpleParser(raw);
    expect((to as AddressObject).value).toMatchObject([
      { name: 'Lovelace, Ada', address: 'ada@x.test' },
      { name: 'Jörg jörg@x.test', group: [] },
      { name: 'søren@x.test', group: [] },
      { name: 'Müller, "J" müller@x.test', group: [] },
      { name: 'Bob', address: 'bob@x.test' },
      { name: 'Plain élise@x.test', group: [] },
    ]);
    expect((cc as AddressObject).value).toMatchObject([{ name: 'Jörg jörg@x.test', group: [] }]);
    expect(replyTo!.value).toMatchObject([{ name: 'søren@x.test', group: [] }, { address: 'ada@x.test' }]);
    expect(text!.trim()).toBe('Grüße');
  });

  it('is the very same where its header is ASCII', () => {
    const raw = composeMime(message({ to: [many[0]!], text: 'Grüße' })) as Uint8Array;
    expect(withAsciiAddresses(raw)).toBe(raw);
  });

  it('keeps every other byte', () => {
    const [before, after] = [
      'X-Old: gr\xfc\xdfe\r\nTo: ',
      '\r\nSubject: gr\xfc\xdfe\r\n\r\nTo: j\xc3\xb6rg@x.test\r\n',
    ];
    const raw = rewritten(Buffer.from(`${before}"a, b" <j\xc3\xb6rg@x.test>${after}`, 'latin1'));
    expect(raw.toString('latin1')).toBe(`${before}"a, b" =?UTF-8?B?asO2cmdAeC50ZXN0?= :;${after}`);
  });
});
