import { expect, test } from 'vitest';
import { swaks } from '../support/mta/swaks.js';
import { smtpServer } from '../support/smtp/smtp-fixtures.js';

test('sends by swaks, with a password over TLS', { timeout: 300_000 }, async () => {
  const server = await smtpServer({ auth: { user: 'acme', pass: 'secret' } });
  const to = ['--server', server.host, '--port', String(server.port), '--from', 'ada@acme.test', '--to', 'bob@x.test'];
  const login = ['-tls', '--auth', 'PLAIN', '--auth-user', 'acme', '--auth-password'];
  const run = await swaks([...to, ...login, 'secret', '--header', 'Subject: By swaks']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('~> AUTH PLAIN');
  const mail = await server.next();
  expect(mail).toMatchObject({ secure: true, user: 'acme' });
  expect(String(mail.raw)).toMatch(/^Subject: By swaks\r$/m);

  expect(await swaks([...to, ...login, 'wrong'])).toMatchObject({ code: 28 });
});
