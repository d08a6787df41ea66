import { readFile } from 'node:fs/promises';
import type { DkimOptions } from '../dkim/dkim-options.interface.js';
import type { Duration } from '../duration.js';
import { PROVIDER_DOMAINS, type ProviderName } from '../providers/provider-domains.js';
import { SenderDomains } from '../sender-domain/sender-domains.js';
import type { SenderProviderOptions } from '../sender-domain/sender-domains-options.interface.js';
import { onlyWord, parseCommand } from './parse-command.js';
import { printReport } from './print-report.js';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage.error.js';

export const DOCTOR_HELP = `npx nestjs-mail-relay doctor <domain> [options]

Asks the DNS whether mails of a domain are set up to be believed, and says what to publish where they are not.

  --provider <name>      sends for the domain: ${Object.keys(PROVIDER_DOMAINS).join(', ')}; several times for several
  --selector <selector>  a DKIM selector to look at; several times for several
  --key <file>           the private key of a selector, to compare with what is published; in the order of the selectors
  --from <address>       the From header of the mails, where it is not at the domain itself
  --return-path <domain> of the mails' return path; with a provider, the one that was set up there
  --region <region>      of the provider, such as eu-west-1
  --ip <address>         mails leave from it; several times for several
  --helo <name>          what the server there calls itself (EHLO)
  --bimi                 looks at BIMI as well
  --dns <server>         asks this resolver: 192.0.2.53, 127.0.0.1:5353, [::1]:53; several times for several
  --timeout <time>       for all of it, such as 30s (the default)
  --verbose              says of what is right, too, how it was found
  --strict               what is a warning else, is a failure
  --json                 prints the report as JSON

Exit code: 0 right, perhaps with warnings; 1 something is wrong; 2 the command line is wrong; 3 the DNS did not answer for
the domain, so nothing is known.`;

/** @throws UsageError, RelayConfigurationError */
export async function doctor(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseCommand(args, OPTIONS);
  const domain = onlyWord(positionals, 'the domain');
  const { selector = [], key = [], dns, timeout } = values;
  const dkim = await keysOf(domain, selector, key);
  const domains = new SenderDomains(
    {
      ...(dns && { dns: { servers: dns } }),
      providers: (values.provider ?? []).map((name) => providerOf(name, selector, values)),
      // Those with a key are looked at anyway.
      selectors: selector.slice(dkim.length),
      dkim,
      ...(values.from !== undefined && { from: values.from }),
      ...(values['return-path'] !== undefined && { returnPath: values['return-path'] }),
      ...(values.ip && { addresses: values.ip }),
      ...(values.helo !== undefined && { helo: values.helo }),
      ...(timeout !== undefined && { timeout: timeout as Duration }),
      bimi: values.bimi ?? false,
    },
    {},
    'option',
  );
  const report = await domains.check(domain);
  if (values.json) terminal.out(JSON.stringify(report, undefined, 2));
  else printReport(report, terminal, { verbose: values.verbose ?? false });
  if (report.status !== 'fail' && !report.answered) return 3;
  const isWell = values.strict ? report.status === 'pass' : report.status !== 'fail';
  return isWell ? 0 : 1;
}

const OPTIONS = {
  provider: { type: 'string', multiple: true },
  selector: { type: 'string', multiple: true },
  key: { type: 'string', multiple: true },
  from: { type: 'string' },
  'return-path': { type: 'string' },
  region: { type: 'string' },
  ip: { type: 'string', multiple: true },
  helo: { type: 'string' },
  bimi: { type: 'boolean' },
  dns: { type: 'string', multiple: true },
  timeout: { type: 'string' },
  verbose: { type: 'boolean' },
  strict: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** Where a provider's selectors are different for everyone, they are those of the command line. */
function providerOf(
  name: string,
  selectors: readonly string[],
  { region, 'return-path': returnPath }: { region?: string; 'return-path'?: string },
): SenderProviderOptions {
  if (!Object.hasOwn(PROVIDER_DOMAINS, name))
    throw new UsageError(
      `--provider ${name}: there is no such provider; there are ${Object.keys(PROVIDER_DOMAINS).join(', ')}`,
    );
  const provider = name as ProviderName;
  const isTold = (PROVIDER_DOMAINS[provider].dkim?.selectors ?? []).length > 0;
  return {
    provider,
    ...(!isTold && { selectors }),
    ...(region !== undefined && { region }),
    ...(returnPath !== undefined && { returnPath }),
  };
}

async function keysOf(domain: string, selectors: readonly string[], files: readonly string[]): Promise<DkimOptions[]> {
  if (files.length > selectors.length) throw new UsageError('--key: each key goes with a --selector');
  return Promise.all(
    files.map(async (file, index) => ({ domain, selector: selectors[index]!, privateKey: await readKey(file) })),
  );
}

/** @throws UsageError */
export async function readKey(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--key ${file}: cannot be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
}
