import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type MailEvent, RelayConfigurationError, UnsupportedFeatureError } from '../../lib/index.js';
import type { ArrivedMail } from './stages/arrived-mail.js';
import { LaterInterceptor } from './stages/later.interceptor.js';
import { onStage, statesOf } from './stages/on-stage.js';
import { WHOLE } from './stages/order.mail.js';
import { expectedAt, lacking, messageOf } from './stages/parts.js';
import { EXTRAS } from './stages/stage.js';
import { STAGES } from './stages/stages.js';

/** Whom the interceptor leaves out at first. */
const LATER = { to: [], cc: ['eve@later.test'], bcc: ['fay@later.test'] };

describe('the same mail', () => {
  const { capabilitiesOf, partsOf, send, delivered } = onStage(STAGES, {}, { interceptors: [LaterInterceptor] });

  describe.each(STAGES)('through $name', (stage) => {
    it('is refused by send() for what cannot be carried, and the rest arrives as it was sent', async () => {
      const lacks = lacking(capabilitiesOf(stage));
      if (lacks.length > 0) {
        const error = await send(stage, WHOLE).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(UnsupportedFeatureError);
        expect(error).toMatchObject({ feature: lacks[0], transport: stage.name });
        const able = STAGES.filter((other) => lacking(capabilitiesOf(other)).length === 0);
        expect((error as Error).message).toContain(`transports that can: ${able.map(({ name }) => name).join(', ')} (`);
      }
      const parts = partsOf(stage);
      const { status, arrived } = await delivered(stage, parts);
      expect(new Set(Object.values(statesOf(status)))).toEqual(new Set(['sent']));
      expect(arrived.map(messageOf)).toEqual(expectedAt(stage, parts, status.messageId));
    });

    it('has its tags and metadata in the fields that are made for them, and nowhere else', async () => {
      const parts = partsOf(stage);
      const { status, arrived } = await delivered(stage, parts);
      expect(arrived.length).toBeGreaterThan(0);
      for (const { own, seen } of arrived) {
        expect(own).toEqual(stage.own({ ...parts, id: status.id }));
        // The provider takes its fields out; what has none for them must not show them to anybody.
        if (Object.keys(own).length === 0) expect(seen).not.toMatch(/new customer|Zürich/);
      }
      const [sent] = status.events.filter(({ type }) => type === 'sent');
      expect(typeof (sent as MailEvent<'sent'>).providerMessageId).toBe(stage.givesId ? 'string' : 'undefined');
    });

    it('takes along what only its provider understands, and nothing of the others', async () => {
      const { arrived } = await delivered(stage, partsOf(stage), { provider: EXTRAS });
      expect(arrived.length).toBeGreaterThan(0);
      for (const { own, wire } of arrived) {
        expect(own).toMatchObject(stage.extras ?? {});
        const others = Object.keys(EXTRAS).filter((provider) => provider !== stage.provider);
        for (const provider of others) expect(wire).not.toContain(`-of-${provider}`);
      }
    });

    it('names its blind recipients nowhere', async () => {
      const { status, arrived } = await delivered(stage, partsOf(stage));
      expect(arrived.length).toBeGreaterThan(0);
      if (partsOf(stage).bcc.length > 0) expect(statesOf(status)['dee@secret.test']).toBe('sent');
      for (const { seen } of arrived) expect(seen).not.toMatch(/secret\.test|Dee Hidden/);
    });

    it('reaches an international domain in its ASCII form', async () => {
      const { status, arrived } = await delivered(stage, { ...partsOf(stage), to: ['ada@bücher.test'] });
      expect(statesOf(status)['ada@xn--bcher-kva.test']).toBe('sent');
      expect(arrived[0]!.to).toEqual([{ address: 'ada@xn--bcher-kva.test' }]);
      expect(arrived[0]!.wire).not.toContain('bücher');
    });

    it('is sent a second time only to those who have it not yet', async () => {
      const first = partsOf(stage);
      const second = first.cc.length > 0 ? { ...first, ...LATER } : { ...first, to: LATER.cc };
      const both = (list: 'to' | 'cc' | 'bcc') => [...new Set([...first[list], ...second[list]])];
      const { status, arrived } = await delivered(stage, {
        ...first,
        to: both('to'),
        cc: both('cc'),
        bcc: both('bcc'),
      });
      expect(status.attempts).toHaveLength(2);
      expect(new Set(Object.values(statesOf(status)))).toEqual(new Set(['sent']));
      const sent = [first, second].flatMap((parts) => expectedAt(stage, parts, status.messageId));
      expect(arrived.map(({ recipients }) => recipients)).toEqual(sent.map(({ recipients }) => recipients));
      const same = ({ subject, html, messageId, attachments }: ArrivedMail) => [subject, html, messageId, attachments];
      expect(same(arrived.at(-1)!)).toEqual(same(arrived[0]!));
      for (const { seen } of arrived) expect(seen).not.toMatch(/secret\.test|fay@later\.test/);
    });
  });
});

describe('what is not of every mail, and a transport cannot carry', () => {
  const stages = STAGES.filter(({ lacks }) => lacks);
  const { partsOf, delivered } = onStage(stages);

  it.each(stages.flatMap((stage) => stage.lacks!.map((part) => ({ stage, name: stage.name, part }))))(
    'is refused by send() for $name: $part',
    async ({ stage, part }) => {
      const refused = delivered(stage, { ...partsOf(stage), [part]: WHOLE[part] });
      await expect(refused).rejects.toMatchObject({ name: 'UnsupportedFeatureError', feature: part });
    },
  );
});

describe('a recipient whose name before the @ is not ASCII', () => {
  describe('where servers have no SMTPUTF8', () => {
    // What keeps mails takes any address.
    const stages = STAGES.filter(({ name }) => name !== 'file' && name !== 'memory');
    const { partsOf, delivered } = onStage(stages, { smtputf8: false });

    it.each(stages)('is refused for good through $name, and the others are sent to', async (stage) => {
      const parts = { ...partsOf(stage), to: ['ada@x.test', 'jörg@x.test'], cc: [], bcc: [] };
      const { status, arrived } = await delivered(stage, parts);
      expect(statesOf(status)).toEqual({ 'ada@x.test': 'sent', 'jörg@x.test': 'bounced' });
      const { error } = status.recipients.find(({ state }) => state === 'bounced')!;
      expect(error).toBeDefined();
      if (stage.create) {
        expect(error).toMatchObject({ replyCode: 553, enhancedCode: '5.6.7', reason: 'smtputf8' });
        // It was not even asked.
        expect(error!.message).toContain('offers no SMTPUTF8, which this address needs: <jörg@x.test>');
      }
      if (stage.create || stage.name === 'ses') {
        // The header that the others get is one that such a server may take, and signed as it is.
        expect(arrived[0]!.to).toEqual([{ address: 'ada@x.test' }]);
        expect(arrived[0]!.wire).not.toContain('jörg@x.test');
        expect(arrived[0]!.own).toEqual(stage.own({ ...parts, id: status.id }));
      }
      expect(arrived.map(({ recipients }) => recipients)).toEqual([['ada@x.test']]);
    });
  });

  describe('where they have it', () => {
    const stages = STAGES.filter(
      ({ name, create }) => create || ['nodemailer', '@nestjs/mail', 'memory'].includes(name),
    );
    const { partsOf, delivered } = onStage(stages);

    it.each(stages)('gets the mail through $name', async (stage) => {
      const { status, arrived } = await delivered(stage, { ...partsOf(stage), to: ['Jörg <jörg@x.test>'] });
      expect(statesOf(status)['jörg@x.test']).toBe('sent');
      expect(arrived[0]!.to).toEqual([{ name: 'Jörg', address: 'jörg@x.test' }]);
    });
  });
});

describe('a DKIM key that cannot sign', () => {
  const ours = STAGES.filter(({ create }) => create);
  const pem = (key: KeyObject, more: object = {}) => {
    const options: unknown = { type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem', ...more };
    return key.export(options as { type: 'spki'; format: 'pem' }) as string;
  };
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys: Record<string, string> = {
    'is cut off': pem(rsa.privateKey).slice(0, 800),
    'is the public one': pem(rsa.publicKey),
    'is of another kind': pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    'has a passphrase': pem(rsa.privateKey, { cipher: 'aes-256-cbc', passphrase: 'secret' }),
    'is too short': pem(generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey),
    'is damaged, so that nobody could verify what it signs': pem(damaged(rsa.privateKey)),
  };

  it.each(ours)('starts no transport: $name', ({ create }) => {
    for (const [why, privateKey] of Object.entries(keys)) {
      const dkim = { domain: 'acme.test', selector: 'key', privateKey };
      expect(() => create!({ host: '127.0.0.1', port: 1, dkim }), why).toThrow(RelayConfigurationError);
      expect(() => create!({ host: '127.0.0.1', port: 1, dkim }), why).toThrow(/smtp\.dkim\.privateKey/);
    }
  });

  describe('only when it is asked to', () => {
    const sign = () => Promise.reject(new Error('the key is not there any more'));
    const { partsOf, delivered } = onStage(ours, { smtp: { sign } });

    it.each(ours)('bounces the mail, of which nothing is sent: $name', async (stage) => {
      const { status, arrived } = await delivered(stage, partsOf(stage));
      expect(new Set(Object.values(statesOf(status)))).toEqual(new Set(['bounced']));
      expect(status.recipients[0]!.error).toMatchObject({ reason: 'unsigned' });
      expect(status.recipients[0]!.error!.message).toContain('the key is not there any more');
      expect(arrived).toEqual([]);
    });
  });
});

/** A key that parses, and whose numbers are not those of one key. */
function damaged(key: KeyObject): KeyObject {
  const { d, p } = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  return createPrivateKey({ key: { ...key.export({ format: 'jwk' }), d, p }, format: 'jwk' });
}
