import { execFile } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateDkimKey, rotateDkimKeys } from '../../lib/index.js';
import { createDkimSigner } from '../../lib/dkim/dkim-signer.js';
import { composeMime } from '../../lib/mime/compose-mime.js';
import { message } from '../mime/support.js';
import { installPackage } from '../support/programs.js';

/** Debian's Python, which has its packages. */
const PYTHON = '/usr/bin/python3';

const VERIFIER = `
import json, sys, dkim
given = json.load(sys.stdin)
records = {name + '.': value.encode() for name, value in given['records'].items()}
def ask(name, timeout=5):
    return records.get(name.decode() if isinstance(name, bytes) else name)
verifier = dkim.DKIM(given['raw'].encode('latin1'))
print(json.dumps([verifier.verify(index, dnsfunc=ask) for index in range(given['signatures'])]))
`;

function python(script: string, input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(PYTHON, ['-c', script], { timeout: 30_000 }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr || error.message)) : resolve(stdout),
    );
    child.stdin!.end(input);
  });
}

/** What dkimpy makes of each signature, the last made first. */
async function verdicts(raw: Uint8Array, records: Record<string, string>, signatures: number): Promise<boolean[]> {
  const input = { raw: Buffer.from(raw).toString('latin1'), records, signatures };
  return JSON.parse(await python(VERIFIER, JSON.stringify(input))) as boolean[];
}

beforeAll(async () => {
  await python('import dkim, nacl').catch(() => {
    installPackage('python3-dkim');
    installPackage('python3-nacl');
  });
}, 300_000);

describe('a signature', () => {
  const raw = async () =>
    Buffer.from(
      (await composeMime(message({ text: 'Grüße', html: '<p>Grüße</p>', subject: 'Grüße an Ada' }))) as Uint8Array,
    );

  it.each(['rsa', 'ed25519'] as const)('with %s is genuine to a second receiver', async (type) => {
    const key = await generateDkimKey({ domain: 'acme.test', selector: 'new', type });
    const signed = createDkimSigner(key).sign(await raw());
    const records = { [key.record.name]: key.record.value };
    expect(await verdicts(signed, records, 1)).toEqual([true]);
    const changed = Buffer.from(signed);
    changed[changed.length - 10]! ^= 1;
    expect(await verdicts(changed, records, 1).catch(() => [false])).toEqual([false]);
  });

  it('with both keys of a rotation is genuine twice', async () => {
    const { keys } = await rotateDkimKeys({ domain: 'acme.test' });
    const signed = keys.reduce<Uint8Array>((mail, key) => createDkimSigner(key).sign(mail), await raw());
    const records = Object.fromEntries(keys.map(({ record }) => [record.name, record.value]));
    expect(await verdicts(signed, records, 2)).toEqual([true, true]);
  });
});
