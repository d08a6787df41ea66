import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningSmtpServer, startSmtpServer } from '../support/smtp/start-smtp-server.js';

const run = join(import.meta.dirname, '..', '..', 'sample', 'run.mjs');
const KEY = 'a-key-of-some-length';

let folder: string;
let child: ChildProcess;
let out: RunningSmtpServer;
let smtpPort: number;
let http: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-sample-'));
  out = await startSmtpServer({ tls: 'none' });
  const hashed = spawnSync(process.execPath, [run, '05-smtp-relay', 'hash-password'], { input: 'secret\n' });
  const env = {
    ...process.env,
    NO_COLOR: '1',
    NODE_ENV: 'production',
    RELAY_LISTEN: '127.0.0.1:0',
    RELAY_HTTP: '127.0.0.1:0',
    RELAY_FROM: 'Acme <post@acme.test>',
    RELAY_DELIVERY: out.url,
    RELAY_USERS: `ada:${hashed.stdout.toString().trim()}:acme.test`,
    RELAY_API_KEYS: `shop:${createHash('sha256').update(KEY).digest('hex')}:send,read`,
  };
  child = spawn(process.execPath, [run, '05-smtp-relay'], { cwd: folder, env });
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk.toString();
      if (text.includes('Ctrl-C ends it')) resolve(text);
    };
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
    child.once('exit', () => reject(new Error(text)));
  });
  smtpPort = Number(/--server 127\.0\.0\.1:(\d+)/.exec(said)![1]);
  http = /http:\/\/127\.0\.0\.1:\d+/.exec(said)![0];
}, 120_000);

afterAll(async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  await out.close();
  await rm(folder, { recursive: true, force: true });
});

function client(pass: string) {
  return createTransport({ host: '127.0.0.1', port: smtpPort, ignoreTLS: true, auth: { user: 'ada', pass } });
}

it('takes mail from a user over SMTP, and hands it on', async () => {
  const { response } = await client('secret').sendMail({
    from: 'ada@acme.test',
    to: 'bob@example.test',
    subject: 'Over SMTP',
    text: 'Hello',
  });
  expect(response).toMatch(/^250 2\.0\.0 Queued as [\da-f-]{36}$/);
  const mail = await out.next();
  expect(mail.envelope).toEqual({ from: 'ada@acme.test', to: ['bob@example.test'] });
  expect((await mail.parsed()).subject).toBe('Over SMTP');
});

it('takes nothing from others, and from no other domain', async () => {
  const mail = { to: 'bob@example.test', subject: 'No', text: '.' };
  await expect(client('wrong').sendMail({ ...mail, from: 'ada@acme.test' })).rejects.toMatchObject({
    responseCode: 535,
  });
  await expect(client('secret').sendMail({ ...mail, from: 'ada@other.test' })).rejects.toMatchObject({
    responseCode: 550,
  });
});

it('takes mail over HTTP, and tells what became of it', async () => {
  const answer = await fetch(`${http}/relay/messages?wait=20s`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ to: 'eve@example.test', subject: 'Over HTTP', text: 'Hello' }),
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ recipients: [{ address: 'eve@example.test', state: 'sent' }] });
  expect((await (await out.next()).parsed()).from?.text).toBe('"Acme" <post@acme.test>');
});

it('says which variable is wrong', () => {
  const wrong = (env: Record<string, string>): string =>
    spawnSync(process.execPath, [run, '05-smtp-relay'], {
      cwd: folder,
      env: { ...process.env, NODE_ENV: 'production', ...env },
    }).stderr.toString();
  expect(wrong({})).toContain('RELAY_DELIVERY is missing');
  expect(wrong({ RELAY_DELIVERY: 'direct', RELAY_USERS: 'ada:secret' })).toMatch(
    /RELAY_USERS is name:hash(?!.*secret)/,
  );
});

it('refuses a DKIM key that nothing would sign with', () => {
  const env = { ...process.env, RELAY_DELIVERY: 'smtp://127.0.0.1:1', RELAY_DKIM: 'acme.test:s1:/no/such.pem' };
  const { status, stderr } = spawnSync(process.execPath, [run, '05-smtp-relay'], { cwd: folder, env });
  expect(status).not.toBe(0);
  expect(stderr.toString()).toContain('RELAY_DKIM is for RELAY_DELIVERY=direct');
});
