// One web process and two workers with one Redis, and an SMTP server on loopback that shows what arrives.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { simpleParser } from 'mailparser';
import type { MailStatus, SendResult } from 'nestjs-mail-relay';
import { SMTPServer } from 'smtp-server';

const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData: (stream, _session, done) => {
    void simpleParser(stream).then(({ subject, text }) => {
      console.log(`Arrived: ${subject} | ${text?.trim().replaceAll(/\s+/g, ' ')}`);
      done();
    }, done);
  },
});
smtp.listen(0, '127.0.0.1');
await once(smtp.server, 'listening');

const env = {
  ...process.env,
  REDIS_URL: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379',
  SMTP_URL: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
};
const children: ChildProcess[] = [];
const web = await start('web');
await Promise.all([start('worker'), start('worker')]);

const months = ['January', 'February', 'March', 'April', 'May', 'June'];
const sent = await Promise.all(
  months.map((month) => request<SendResult>('/reports', { to: 'ada@example.test', month })),
);
for (const { id } of sent) {
  let status = await request<MailStatus>(`/reports/${id}`);
  while (status.recipients.some(({ state }) => state !== 'sent')) {
    await setTimeout(50);
    status = await request<MailStatus>(`/reports/${id}`);
  }
  console.log(`${id} ${status.recipients.map(({ address, state }) => `${address}: ${state}`).join(', ')}`);
}
console.log('Every report was queued by the web process and sent by one of the two workers.');
for (const child of children) child.kill('SIGTERM');
await Promise.all(children.map((child) => (child.exitCode === null ? once(child, 'exit') : undefined)));
smtp.close();

/** Starts a process of this sample; what it tells when it is ready. */
async function start(script: string): Promise<{ url: string }> {
  const child = fork(join(import.meta.dirname, `${script}.js`), { env });
  children.push(child);
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${script} ended before it was ready`))),
  ])) as [{ url: string }];
  return message;
}

async function request<T>(path: string, body?: object): Promise<T> {
  const init = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(web.url + path, init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
