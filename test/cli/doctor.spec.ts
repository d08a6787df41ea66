import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { SenderDomainReport } from '../../lib/index.js';
import { startDnsServer } from '../support/dns-server.js';
import { ADDRESS, rsa, wellKept } from '../sender-domain/well-kept-domain.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { cli, cliUnread } from './run.js';

const server = await startDnsServer();
afterAll(() => server.close());
beforeEach(() => {
  // Without MTA-STS, whose policy would be fetched from port 443.
  server.zone = wellKept({ '_mta-sts.acme.test': 'NXDOMAIN' });
});

const doctor = (...args: string[]) => cli(['doctor', 'acme.test', '--dns', server.address, ...args]);
const OWN = ['--selector', 'relay202611a', '--ip', ADDRESS, '--helo', 'mx.acme.test'];

describe('doctor', () => {
  it('prints a line a check, and what to publish, and ends with 0 where nothing fails', async () => {
    const { code, stdout, stderr } = await doctor(...OWN);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^pass {2}spf {8}acme\.test .*SPF is in order: 1 of 10 lookups$/m);
    expect(stdout).toMatch(/^pass {2}dkim {7}relay202611a\._domainkey\.acme\.test .*RSA, 2048 bits$/m);
    expect(stdout).toMatch(/^ {6}_mta-sts\.acme\.test\. IN TXT "v=STSv1; id=\d{14}"$/m);
    expect(stdout).toMatch(/^acme\.test: 0 fail, \d+ warn, \d+ pass$/m);
    // Neither colours nor what is right in detail, unless asked for.
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('found: v=spf1');
    expect((await doctor(...OWN, '--verbose')).stdout).toContain('- found: v=spf1');
  });

  it('ends with 1 where something fails, and with --strict where something is a warning', async () => {
    expect((await doctor(...OWN, '--strict')).code).toBe(1);
    server.zone = wellKept({ '_dmarc.acme.test': 'NXDOMAIN' });
    const { code, stdout } = await doctor(...OWN);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail {2}dmarc {6}acme\.test .*there is no DMARC record/m);
    expect(stdout).toContain('_dmarc.acme.test. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@acme.test"');
  });

  it('gives the report as JSON', async () => {
    const { stdout } = await doctor('--json', '--provider', 'mailgun');
    const report = JSON.parse(stdout) as SenderDomainReport;
    expect(report).toMatchObject({ domain: 'acme.test', status: 'fail', checkedAt: expect.stringMatching(/^\d{4}-/) });
    expect(report.checks.find(({ name }) => name === 'spf')).toEqual({
      name: 'spf',
      subject: 'acme.test',
      status: 'fail',
      summary: 'Mailgun is not let through: include:mailgun.org is missing',
      details: expect.any(Array),
      record: {
        name: 'acme.test',
        type: 'TXT',
        value: `v=spf1 ip4:${ADDRESS} include:spf.mtasv.net include:mailgun.org -all`,
      },
    });
  });

  it('compares a private key with what is published, and never shows it', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'key.pem');
    await writeFile(file, rsa.privateKey);
    const right = await doctor('--selector', 'relay202611a', '--key', file, '--json');
    expect(right.stdout).toContain('a key of RSA, 2048 bits, the one that the relay signs with');
    const wrong = await doctor('--selector', 'relay202611a-ed25519', '--key', file);
    expect(wrong.code).toBe(1);
    expect(wrong.stdout.replace(/\s+/g, ' ')).toContain('is not that of the private key');
    expect(right.stdout + wrong.stdout).not.toContain(rsa.privateKey.split('\n')[1]);
  });

  it('says of a DNS that is not there why it knows nothing, and ends with 3', async () => {
    const { code, stdout } = await cli(['doctor', 'acme.test', '--dns', '127.0.0.1:1', '--timeout', '5s']);
    expect(code).toBe(3);
    expect(stdout).toContain('ECONNREFUSED');
    expect(stdout).not.toContain('publish:');
    server.zone = { 'acme.test': 'SERVFAIL', '_dmarc.acme.test': 'SERVFAIL' };
    expect((await doctor()).code).toBe(3);
  });

  it('ends once its time is over, whatever the DNS is still asked', async () => {
    server.zone = { 'acme.test': 'silent', '_dmarc.acme.test': 'silent' };
    const before = server.asked('acme.test', 'TXT');
    const { code, stdout } = await doctor('--timeout', '300ms');
    expect(code).toBe(3);
    expect(stdout.replace(/\s+/g, ' ')).toContain('no answer within the 300 ms');
    // It would be asked again 3 seconds later.
    expect(server.asked('acme.test', 'TXT')).toBe(before + 1);
  });

  it('says of a domain that is not there just that', async () => {
    server.zone = {};
    const { code, stdout } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^fail {2}domain {5}acme\.test .*there is no such domain/m);
    expect(stdout).toMatch(/^acme\.test: 1 fail, 0 warn, 0 pass$/m);
  });

  it.each([
    [[], /the domain is missing/],
    [['acme.test', 'other.test'], /"other\.test" is one word too many/],
    [['acme.test', '--bogus'], /Unknown option '--bogus'/],
    [['acme.test', '--provider', 'nobody'], /no such provider; there are ses, /],
    [['acme.test', '--timeout', 'soon'], /doctor: --timeout: is a time/],
    [['acme.test', '--ip', 'nowhere'], /doctor: --ip: "nowhere" is no IP address/],
    [['acme.test', '--selector', 'a b'], /doctor: --selector: "a b"/],
    [['acme.test', '--dns', 'nowhere'], /doctor: --dns: "nowhere"/],
    [['acme.test', '--key', '/no/such/file'], /each key goes with a --selector/],
    [['acme.test', '--selector', 'x', '--key', '/no/such/file'], /cannot be read \(ENOENT\)/],
    [['no domain'], /is no domain/],
  ])('%j is 2, with what is wrong', async (args, text) => {
    const { code, stdout, stderr } = await cli(['doctor', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(text);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('ends as it would when nobody reads to its end', async () => {
    expect(await cliUnread(['doctor', '--help'])).toEqual({ code: 0, stderr: '' });
  });

  it('has help', async () => {
    expect(await cli(['doctor', '--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--return-path'),
    });
    expect(await cli(['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('dkim generate') });
    expect(await cli([])).toMatchObject({ code: 2 });
    expect(await cli(['bogus'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no command "bogus"'),
    });
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await cli(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });
});

describe('the command line', () => {
  it('loads neither Nest nor anything else that it has no need of', () => {
    const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
    expect(readdirSync(dist)).toContain('cli');
    const seen = new Set<string>();
    const foreign = new Set<string>();
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, from] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) [^;]*?from '([^']+)';$/gm)) {
        if (from!.startsWith('.')) follow(resolve(dirname(file), from!));
        else if (!from!.startsWith('node:')) foreign.add(from!);
      }
    };
    follow(join(dist, 'cli', 'main.js'));
    expect(seen.size).toBeGreaterThan(30);
    expect([...foreign]).toEqual(['dns-packet']);
  });
});
