import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SmtpTransport } from '../../../lib/index.js';
import { txtRecord, verify } from '../../dkim/support.js';
import { smtpStage } from './smtp-stage.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const RECORDS = { 'rsa._domainkey.acme.test': txtRecord(rsa), 'ed._domainkey.acme.test': txtRecord(ed25519) };
const key = (selector: string, privateKey: KeyObject) => ({ domain: 'acme.test', selector, privateKey });

/** Any SMTP server: it has no fields for tags and metadata, which stay with the relay. */
export const PLAIN_SMTP_STAGES = [
  smtpStage({ name: 'smtp', ours: true, transport: (options) => new SmtpTransport(options) }),
  smtpStage({
    name: 'smtp with DKIM',
    ours: true,
    transport: (options) => new SmtpTransport({ dkim: [key('rsa', rsa), key('ed', ed25519)], ...options }),
    look: async (raw) => ({ dkim: (await verify(raw, RECORDS)).map(({ status }) => status.result) }),
    own: () => ({ dkim: ['pass', 'pass'] }),
  }),
];
