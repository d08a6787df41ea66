import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDkimSigner } from '../../lib/dkim/dkim-signer.js';
import { verify } from '../dkim/support.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { cli } from './run.js';

const PRIVATE = 'PRIVATE KEY';

describe('dkim generate', () => {
  it('writes the key for its owner only, and prints the record', async () => {
    const folder = await temporaryFolder();
    const out = join(folder, 'keys');
    const { code, stdout } = await cli(['dkim', 'generate', 'acme.test', '--selector', 'new', '--out', out]);
    expect(code).toBe(0);
    expect(stdout).not.toContain(PRIVATE);
    const file = join(out, 'new.acme.test.pem');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(out)).mode & 0o777).toBe(0o700);
    const [, name, strings] = /^(new\._domainkey\.acme\.test)\. IN TXT (.*)$/m.exec(stdout)!;
    const record = [...strings!.matchAll(/"([^"]*)"/g)].map(([, text]) => text).join('');
    const signer = createDkimSigner({ domain: 'acme.test', selector: 'new', privateKey: await readFile(file) });
    const [result] = await verify(signer.sign(Buffer.from('From: a@acme.test\r\n\r\nHi\r\n')), { [name!]: record });
    expect(result!.status.result).toBe('pass');
  });

  it('writes over nothing', async () => {
    const folder = await temporaryFolder();
    const generate = () => cli(['dkim', 'generate', 'acme.test', '--selector', 'new'], { cwd: folder });
    expect((await generate()).code).toBe(0);
    const before = await readFile(join(folder, 'new.acme.test.pem'), 'utf8');
    expect(await generate()).toMatchObject({ code: 1, stderr: expect.stringContaining('is there already') });
    expect(await readFile(join(folder, 'new.acme.test.pem'), 'utf8')).toBe(before);
  });

  it('prints a private key only when told to, and then writes none', async () => {
    const folder = await temporaryFolder();
    const args = ['dkim', 'generate', 'acme.test', '--algorithm', 'ed25519'];
    const { stdout } = await cli([...args, '--print-private'], { cwd: folder });
    expect(stdout).toContain(PRIVATE);
    expect(await readdir(folder)).toEqual([]);
    const json = await cli([...args, '--json', '--out', folder]);
    expect(json.stdout).not.toContain(PRIVATE);
    expect(JSON.parse(json.stdout)).toMatchObject({
      keys: [{ domain: 'acme.test', type: 'ed25519', file: expect.stringContaining(folder), record: { type: 'TXT' } }],
    });
  });

  it.each([
    [['generate'], /the domain is missing/],
    [['bogus', 'acme.test'], /not known; there are generate, rotate, record/],
    [['generate', 'acme.test', '--algorithm', 'dsa'], /is rsa, ed25519 or both/],
    [['generate', 'acme.test', '--bits', '512'], /bits: is one of 2048/],
    [['record', 'acme.test'], /needs --selector and --key/],
    [['record', 'acme.test', '--selector', 'a b', '--key', 'none.pem'], /--selector: "a b" is no selector/],
    [['rotate', 'acme.test', '--current', 'a b', '--print-private'], /--current: "a b" is no selector/],
  ])('%j is 2', async (args, text) => {
    const folder = await temporaryFolder();
    expect(await cli(['dkim', ...args], { cwd: folder })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(text),
    });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('dkim rotate', () => {
  it('makes both keys, and says in which order what is done', async () => {
    const folder = await temporaryFolder();
    const { code, stdout } = await cli(['dkim', 'rotate', 'acme.test', '--current', 'old', '--out', folder]);
    expect(code).toBe(0);
    expect(await readdir(folder)).toHaveLength(2);
    expect(stdout).toMatch(
      /1\. Now:[^]*IN TXT[^]*2\. Once[^]*3\. 7 days after[^]*old\._domainkey\.acme\.test\. IN TXT "v=DKIM1; p="[^]*4\. /,
    );
  });
});

describe('dkim record', () => {
  it('prints what to publish for a key that is there', async () => {
    const folder = await temporaryFolder();
    const made = await cli(['dkim', 'generate', 'acme.test', '--selector', 'new', '--out', folder]);
    const file = join(folder, 'new.acme.test.pem');
    const { stdout } = await cli(['dkim', 'record', 'acme.test', '--selector', 'new', '--key', file]);
    expect(made.stdout).toContain(stdout.trim());
    expect(stdout).toMatch(/^new\._domainkey\.acme\.test\. IN TXT "v=DKIM1; k=rsa; p=/);
  });
});
