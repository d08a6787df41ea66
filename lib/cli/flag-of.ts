/** As an option is called on the command line: `option.dns.servers[0]` is `--dns`. */
export function flagOf(option: string): string {
  const names = option.replaceAll(/\[\d+\]/g, '').split('.');
  const name = names.findLast((one) => FLAGS.has(one));
  return name === undefined ? option : FLAGS.get(name)!;
}

const FLAGS: ReadonlyMap<string, string> = new Map([
  ['domain', 'domain'],
  ['providers', '--provider'],
  ['selector', '--selector'],
  ['selectors', '--selector'],
  ['key', '--key'],
  ['privateKey', '--key'],
  ['dkim', '--key'],
  ['from', '--from'],
  ['returnPath', '--return-path'],
  ['region', '--region'],
  ['addresses', '--ip'],
  ['helo', '--helo'],
  ['dns', '--dns'],
  ['timeout', '--timeout'],
  ['bits', '--bits'],
  ['current', '--current'],
]);
