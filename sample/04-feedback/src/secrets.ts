import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** In an application these come from the environment; here both sides of the talk are ours. */
export const TOPIC_ARN = 'arn:aws:sns:eu-west-1:123456789012:mail-events';
export const POSTMARK = { username: 'postmark', password: randomBytes(12).toString('hex') };
export const MAILGUN_SIGNING_KEY = randomBytes(16).toString('hex');
export const SENDGRID_KEYS = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const RESEND_SECRET = randomBytes(24);
export const BOUNCE_SECRET = randomBytes(24).toString('hex');
