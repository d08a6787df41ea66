import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const sample = join(import.meta.dirname, '..', '..', 'sample', 'run.mjs');

let child: ChildProcess;
let folder: string;
let said = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-sample-'));
  const env = { ...process.env, NO_COLOR: '1', NODE_ENV: 'development', PORT: '0' };
  child = spawn(process.execPath, [sample, '01-quickstart'], { cwd: folder, env });
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Ctrl-C ends it.')) resolve();
    };
    child.stdout!.on('data', read);
    child.stderr!.on('data', read);
    child.once('exit', () => reject(new Error(said)));
  });
}, 120_000);
afterAll(async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  await rm(folder, { recursive: true, force: true });
});

const url = () => /Open (http:\/\/localhost:\d+)\/relay/.exec(said)![1]!.replace('localhost', '127.0.0.1');

it('sample 01 sends a mail over SMTP and says where to see it', () => {
  expect(said).toContain('ada@example.test: sent (250');
});

it('leads from its form to the mail in the console', { timeout: 60_000 }, async () => {
  expect(await (await fetch(url())).text()).toContain('action="/signup"');
  const body = new URLSearchParams({ name: 'Grace', email: 'grace@example.test' });
  const answer = await fetch(`${url()}/signup`, { method: 'POST', body, redirect: 'manual' });
  expect(answer.status).toBe(303);
  const [, id] = /^\/relay\/#\/mails\/(.+)$/.exec(answer.headers.get('location')!)!;
  expect(await (await fetch(`${url()}/relay/`)).text()).toContain('<title>Mail relay</title>');
  const mail = async () =>
    (await (await fetch(`${url()}/relay/api/mails/${id}`)).json()) as { state: string; subject: string };
  await expect.poll(mail, { timeout: 30_000 }).toMatchObject({ state: 'sent', subject: 'Welcome, Grace' });
  const frame = await fetch(`${url()}/relay/api/mails/${id}/html`);
  expect(await frame.text()).toContain('Welcome, Grace');
});

it('tells what is wrong with an address', async () => {
  const body = new URLSearchParams({ name: 'Nobody', email: 'no address' });
  expect((await fetch(`${url()}/signup`, { method: 'POST', body })).status).toBe(400);
});
