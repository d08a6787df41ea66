import { readFileSync } from 'node:fs';
import type { QueueOptions } from 'nestjs-mail-relay';
import type { ApiKeyOptions, ApiScope, SubmissionListener } from 'nestjs-mail-relay/submission';

/** Who may log in, as RELAY_USERS names him. */
export interface ListedUser {
  readonly name: string;
  /** As `hash-password` prints it. */
  readonly hash: string;
  /** Domains that he may send from; empty for all. */
  readonly domains: readonly string[];
}

export interface DkimKey {
  readonly domain: string;
  readonly selector: string;
  readonly privateKey: string;
}

/** All that the environment says. */
export interface Settings {
  readonly name: string | undefined;
  readonly from: string | undefined;
  /** `direct`, or URLs of transports; the first that is well is used. Empty: mails are kept on this machine. */
  readonly delivery: readonly string[];
  readonly queue: QueueOptions;
  readonly listen: readonly SubmissionListener[];
  readonly certificate: { readonly key: string; readonly cert: string } | undefined;
  readonly users: readonly ListedUser[];
  readonly trusted: readonly string[];
  readonly apiKeys: readonly ApiKeyOptions[];
  readonly dkim: readonly DkimKey[];
  readonly bounces: { readonly address: string; readonly secret: string } | undefined;
  readonly http: { readonly port: number; readonly host: string };
}

/** Reads the environment. What is wrong in it is an error that names the variable, and shows no secret. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const certificate = readCertificate(env);
  const production = env.NODE_ENV === 'production';
  const delivery = words(env.RELAY_DELIVERY);
  if (production && delivery.length === 0)
    throw wrong('RELAY_DELIVERY', 'is missing: `direct`, or the URL of a transport such as smtp://user:password@host');
  if (env.RELAY_DKIM && delivery.length > 0 && !delivery.includes('direct'))
    throw wrong('RELAY_DKIM', 'is for RELAY_DELIVERY=direct: a provider signs by itself. Leave one of them out');
  return {
    name: env.RELAY_NAME,
    from: env.RELAY_FROM,
    delivery,
    queue: readQueue(env.RELAY_QUEUE),
    listen: readListeners(env.RELAY_LISTEN ?? (certificate ? '587 465' : '127.0.0.1:2525')),
    certificate,
    users: words(env.RELAY_USERS).map(readUser),
    // Without a word, programs on this machine may send; in production, nobody may.
    trusted: env.RELAY_TRUSTED === undefined && !production ? ['127.0.0.0/8', '::1'] : words(env.RELAY_TRUSTED),
    apiKeys: words(env.RELAY_API_KEYS).map(readApiKey),
    dkim: words(env.RELAY_DKIM).map(readDkimKey),
    bounces: readBounces(env),
    http: readAddress(env.RELAY_HTTP ?? '127.0.0.1:3000', 'RELAY_HTTP'),
  };
}

function readQueue(value = '.mail-relay/queue'): QueueOptions {
  if (/^rediss?:/.test(value)) return { redis: value };
  if (/^postgres(?:ql)?:/.test(value)) return { postgres: value };
  return { embedded: value };
}

function readCertificate(env: NodeJS.ProcessEnv): Settings['certificate'] {
  const { RELAY_TLS_KEY: key, RELAY_TLS_CERT: cert } = env;
  if (key === undefined && cert === undefined) return undefined;
  if (key === undefined || cert === undefined)
    throw wrong(
      key === undefined ? 'RELAY_TLS_KEY' : 'RELAY_TLS_CERT',
      'is missing: a key and its certificate go together',
    );
  return { key: file('RELAY_TLS_KEY', key), cert: file('RELAY_TLS_CERT', cert) };
}

/** `587`, `127.0.0.1:2525` */
function readListeners(value: string): SubmissionListener[] {
  return words(value).map((word) => {
    const { port, host } = readAddress(word, 'RELAY_LISTEN');
    return { port, ...(word.includes(':') && { host }) };
  });
}

/** `shop:scrypt$...:acme.test,acme.example` */
function readUser(word: string): ListedUser {
  const [name, hash, domains = ''] = word.split(':');
  if (!name || !hash?.startsWith('scrypt$'))
    throw wrong('RELAY_USERS', 'is name:hash or name:hash:domain,domain; make a hash with the script hash-password');
  return { name, hash, domains: domains.split(',').filter(Boolean) };
}

/** `shop:<sha256 of the key in hexadecimal>:send,read,cancel` */
function readApiKey(word: string): ApiKeyOptions {
  const [id, sha256, scopes = 'send,read,cancel'] = word.split(':');
  if (!id || !sha256)
    throw wrong('RELAY_API_KEYS', 'is id:hash or id:hash:send,read; make a hash with: printf %s "$KEY" | sha256sum');
  return { id, sha256, scopes: scopes.split(',') as ApiScope[] };
}

/** `acme.test:s1:/etc/relay/s1.pem` */
function readDkimKey(word: string): DkimKey {
  const [domain, selector, path] = word.split(':');
  if (!domain || !selector || !path)
    throw wrong('RELAY_DKIM', 'is domain:selector:file; make a key with: npx nestjs-mail-relay dkim generate');
  return { domain, selector, privateKey: file('RELAY_DKIM', path) };
}

function readBounces(env: NodeJS.ProcessEnv): Settings['bounces'] {
  const { RELAY_BOUNCES: address, RELAY_BOUNCES_SECRET: secret } = env;
  if (address === undefined) return undefined;
  if (secret === undefined)
    throw wrong('RELAY_BOUNCES_SECRET', 'is missing: a text of at least 16 characters, which signs return paths');
  return { address, secret };
}

function readAddress(value: string, variable: string): { port: number; host: string } {
  const colon = value.lastIndexOf(':');
  const port = Number(value.slice(colon + 1));
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw wrong(variable, 'is a port, or host:port');
  return { port, host: colon < 0 ? '127.0.0.1' : value.slice(0, colon).replace(/^\[(.*)\]$/, '$1') };
}

function file(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw wrong(variable, `cannot read ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
}

function words(value = ''): string[] {
  return value.split(/\s+/).filter(Boolean);
}

function wrong(variable: string, why: string): Error {
  return new Error(`${variable} ${why}`);
}
