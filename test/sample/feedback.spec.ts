import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const sample = join(import.meta.dirname, '..', '..', 'sample', 'run.mjs');

let child: ChildProcess;
let folder: string;
let url: string;
const said: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-sample-'));
  const env = { ...process.env, NO_COLOR: '1', NODE_ENV: 'test', PORT: '0' };
  child = spawn(process.execPath, [sample, '04-feedback'], { cwd: folder, env });
  url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      said.push(chunk.toString());
      const found = /Open (http:\/\/localhost:\d+)/.exec(said.join(''))?.[1];
      if (found) resolve(found.replace('localhost', '127.0.0.1'));
    };
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
    child.once('exit', () => reject(new Error(said.join(''))));
  });
}, 120_000);
afterAll(async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  await rm(folder, { recursive: true, force: true });
});

async function post(path: string, body: object = {}): Promise<any> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return answer.json();
}

/** Reads the page's stream until a mail looks as it should. */
async function shown(id: string, looks: (data: any) => boolean): Promise<any> {
  const { body } = await fetch(`${url}/events`);
  const reader = body!.getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error('the stream has ended');
    const blocks = (text + Buffer.from(value).toString()).split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const line = block.split('\n').find((one) => one.startsWith('data: '));
      const data = line && JSON.parse(line.slice(6));
      if (data?.status.id !== id || !looks(data)) continue;
      await reader.cancel();
      return data;
    }
  }
}

it('shows a page, and posts what each provider posts to its own webhook', { timeout: 120_000 }, async () => {
  expect(await (await fetch(url)).text()).toContain('What happened to my mail');
  for (const provider of ['ses', 'postmark', 'mailgun', 'sendgrid', 'resend']) {
    const { id } = await post('/mails', { to: `${provider}@example.test` });
    await shown(id, ({ status }) => status.recipients[0].state === 'sent');
    for (const kind of ['delivered', 'opened', 'complained'])
      expect(await post(`/mails/${id}/${provider}/${kind}`), `${provider} ${kind}`).toEqual({ status: 200 });
    const { status } = await shown(id, (data) => data.status.events.length === 5);
    expect(status.events.map(({ type }: { type: string }) => type).toSorted()).toEqual([
      'complained',
      'delivered',
      'opened',
      'queued',
      'sent',
    ]);
    expect(status.recipients[0].state).toBe('complained');
    const later = await post('/mails', { to: `${provider}@example.test` });
    await shown(later.id, (data) => data.status.recipients[0].state === 'suppressed');
    const other = await post('/mails', { to: `${provider}-2@example.test` });
    await shown(other.id, (data) => data.status.recipients[0].state === 'sent');
    expect(await post(`/mails/${other.id}/${provider}/bounced`)).toEqual({ status: 200 });
    await shown(other.id, (data) => data.status.recipients[0].state === 'bounced');
  }
  await expect.poll(() => said.join('')).toContain('resend-2@example.test: bounced, and gets no more mails');
});

it('takes a bounce that comes by mail, once', async () => {
  const { id } = await post('/mails', { to: 'gone@example.test' });
  await shown(id, ({ status }) => status.recipients[0].state === 'sent');
  expect(await post(`/mails/${id}/bounce-mail`)).toEqual({ recorded: 1 });
  expect(await post(`/mails/${id}/bounce-mail`)).toEqual({ recorded: 0 });
  const { suppressed } = await shown(id, ({ status }) => status.recipients[0].state === 'bounced');
  expect(suppressed).toContainEqual(expect.objectContaining({ address: 'gone@example.test', reason: 'bounced' }));
});
