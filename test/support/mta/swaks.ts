import { join } from 'node:path';
import { debianRoot, type DebianProgram } from './debian-root.js';
import { runProgram, type ProgramRun } from './run-program.js';

/**
 * Runs Debian's swaks with these arguments. Its exit code tells how the conversation went (0: taken; 28: AUTH, 23: MAIL, 24: RCPT,
 * 25/26: the message; see its manual), its output is the conversation.
 */
export async function swaks(args: readonly string[], input?: string): Promise<ProgramRun> {
  const root = await debianRoot(SWAKS);
  // The machine's own Perl, with the unpacked module for TLS.
  const folders = await perlFolders(root);
  const env = { ...process.env, PERL5LIB: folders.join(':') };
  return runProgram('perl', [join(root, 'usr/bin/swaks'), ...args], { input, env });
}

const SWAKS: DebianProgram = { name: 'swaks', packages: ['swaks', 'libnet-ssleay-perl'] };

/** Where packages put modules: the machine's own search path, in the root. */
async function perlFolders(root: string): Promise<string[]> {
  const { stdout } = await runProgram('perl', ['-e', 'print join "\\n", @INC']);
  return stdout
    .split('\n')
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(root, folder));
}
