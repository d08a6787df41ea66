import { describe, expect, it } from 'vitest';
import { installPackage, runNode } from './installed-package.js';

const folder = await installPackage({ without: ['@nestjs/common', '@nestjs/core', '@nestjs/terminus', 'bullmq'] });

describe('the command line of the package', () => {
  it('runs where no Nest is', async () => {
    const run = (...args: string[]) => runNode(folder, ['node_modules/nestjs-mail-relay/dist/cli/main.js', ...args]);
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { stdout } = await run('dkim', 'generate', 'acme.test', '--algorithm', 'ed25519', '--print-private');
    expect(stdout).toContain('._domainkey.acme.test. IN TXT "v=DKIM1; k=ed25519; p=');
    // 3: the DNS did not answer.
    await expect(run('doctor', 'acme.test', '--dns', '127.0.0.1:1', '--json')).rejects.toMatchObject({
      code: 3,
      stdout: expect.stringContaining('"status": "warn"'),
    });
  });
});
