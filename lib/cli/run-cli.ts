import { readFile } from 'node:fs/promises';
import { RelayConfigurationError } from '../errors/relay-configuration.error.js';
import { DKIM_HELP, dkim } from './dkim.command.js';
import { DOCTOR_HELP, doctor } from './doctor.command.js';
import { flagOf } from './flag-of.js';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage.error.js';

/** Runs a command and gives its exit code: 0 well, 1 not well, 2 the command line is wrong, 3 nothing could be found out. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name = '--help', ...rest] = args;
  try {
    if (name === '--help' || name === '-h' || name === 'help') {
      terminal.out(HELP);
      return args.length === 0 ? 2 : 0;
    }
    if (name === '--version') {
      terminal.out(await version());
      return 0;
    }
    const command = COMMANDS.get(name);
    if (!command)
      throw new UsageError(`there is no command ${JSON.stringify(name)}; there are ${[...COMMANDS.keys()].join(', ')}`);
    if (rest.includes('--help') || rest.includes('-h')) {
      terminal.out(command.help);
      return 0;
    }
    return await command.run(rest, terminal);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RelayConfigurationError)) {
      terminal.error(`nestjs-mail-relay: ${(error as Error).message}`);
      return 1;
    }
    const text = error instanceof RelayConfigurationError ? `${flagOf(error.option)}: ${error.problem}` : error.message;
    terminal.error(
      `nestjs-mail-relay ${name}: ${text}\nHelp: npx nestjs-mail-relay ${COMMANDS.has(name) ? `${name} ` : ''}--help`,
    );
    return 2;
  }
}

interface Command {
  readonly help: string;
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['doctor', { help: DOCTOR_HELP, run: doctor }],
  ['dkim', { help: DKIM_HELP, run: dkim }],
]);

const HELP = `npx nestjs-mail-relay <command>

  doctor <domain>          says whether a domain is set up to be believed: SPF, DKIM, DMARC, MX, ...
  dkim generate <domain>   makes a DKIM key, and says what to publish
  dkim rotate <domain>     makes new keys, and says how to come from the old ones to them
  dkim record <domain>     says what to publish for a key that is there

  <command> --help         says more
  --version`;

async function version(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
