/** Why a server would not have a mail. */
export interface RefusalMeaning {
  /** One word, `other` where nothing says why. */
  reason: string;
  /** The address itself is at fault: nobody, no host, moved away. */
  suppress: boolean;
}

/**
 * What a server's words and its enhanced code (RFC 3463) say: the words where they are clear, since codes are often wrong, then the code, then
 * the words.
 */
export function meaningOf(words: string, status: string | undefined): RefusalMeaning {
  // What an address is called says nothing.
  const text = words
    .slice(0, 4_000)
    .replaceAll(/[^\s<>:,;"'()]{1,64}@[^\s<>,;"'()]{1,255}/g, '@')
    .replaceAll(/\s+/g, ' ');
  const family = FAMILIES.find((one) => one.words.some((pattern) => pattern.test(text)));
  const coded = status === undefined ? undefined : CODES[status.slice(2)];
  const reason = (family?.clear ? family.reason : (coded ?? family?.reason)) ?? 'other';
  return { reason, suppress: isOfTheAddress(reason) };
}

interface Family {
  readonly reason: string;
  readonly words: readonly RegExp[];
  /** Whatever its code says, a server that writes this means it. */
  readonly clear?: boolean;
}

/** Whether it is the address itself that is bad: nobody there, no such domain, moved away. */
export function isOfTheAddress(reason: string): boolean {
  return ADDRESS.has(reason);
}

const ADDRESS: ReadonlySet<string> = new Set(['bad-address', 'bad-domain', 'moved']);

/** From the special to the general: the first that fits counts. */
const FAMILIES: readonly Family[] = [
  {
    reason: 'bad-address',
    clear: true,
    words: [/recipient address rejected: ?(?:access denied|address verification)/i],
  },
  {
    reason: 'filtered',
    clear: true,
    words: [/recipient(?:'s)? preferences/i],
  },
  {
    reason: 'sender',
    clear: true,
    words: [
      /sender (?:address|domain|rejected|denied|verify|is not)/i,
      /domain of sender/i,
      /(?:valid|invalid|bad) (?:from|sender|return[ -]path)\b/i,
      /from: domain/i,
      /from address/i,
      /envelope sender/i,
      /\bafter mail from\b/i,
    ],
  },
  {
    reason: 'authentication',
    clear: true,
    words: [
      /\bdmarc\b/i,
      /\bdkim\b/i,
      /\bspf\b/i,
      /sender policy framework/i,
      /unauthenticated (?:e-?mail|sender)/i,
      /not pass(?:ed)? authentication/i,
      /authentication-?results?/i,
    ],
  },
  {
    reason: 'virus',
    clear: true,
    words: [/\bvirus/i, /malware/i, /infected/i, /phishing/i, /\btrojan/i],
  },
  {
    reason: 'reverse-dns',
    clear: true,
    words: [
      /\bptr\b/i,
      /reverse[ -](?:dns|hostname|lookup|mapping)/i,
      /\brdns\b/i,
      /no reverse/i,
      /cannot (?:find|resolve) your (?:reverse )?(?:hostname|ip|address)/i,
      /ip name (?:lookup|possibly forged)/i,
    ],
  },
  {
    reason: 'mailbox-full',
    clear: true,
    words: [
      /mail ?(?:box|folder|dir) (?:is |delivery )?(?:full|over|size limit)/i,
      /over ?(?:the |his |her )?(?:disk |mail )?quota/i,
      /quota (?:is )?(?:exceed|full|violation|reached|limit)/i,
      /exceed(?:s|ed|ing)? (?:the |their |his |its |your |allowed )*(?:storage|mail ?box|disk|mail|message)? ?(?:quota|(?:storage|size|space) (?:limit|allocation))/i,
      /(?:not enough|insufficient) (?:disk |storage |system )?(?:space|storage)/i,
      /(?:disk|user) (?:quota|space)/i,
      /storage (?:limit|allocation)/i,
      /out of (?:storage|space)/i,
      /too much mail data/i,
      /full mail ?box/i,
      /(?:account|inbox|user) is (?:full|over)/i,
      /boîte pleine/i,
      /postfach (?:ist )?voll/i,
      /一杯/i,
    ],
  },
  {
    reason: 'too-large',
    words: [
      /message (?:size|is too (?:large|big|long)|too (?:large|big|long)|length)/i,
      /(?:size|length) (?:exceeds|exceeded|limit)/i,
      /max(?:imum)? (?:message )?size/i,
      /too large/i,
      /file too big/i,
    ],
  },
  {
    reason: 'expired',
    words: [
      /retry time(?:out)?(?: not reached for any host after a long failure)? exceeded/i,
      /delivery (?:time ?out|expired|time expired)/i,
      /message (?:expired|timed out|has been in queue too long|could not be delivered for (?:more than )?\d)/i,
      /unable to deliver (?:the )?message (?:in|for) (?:the (?:allotted|last) )?/i,
      /(?:queue|retry) ?(?:time)?(?: ?out| lifetime| too long)/i,
      /could not be delivered for more than/i,
      /not been (?:able to be )?delivered (?:for|within|after)/i,
      /i'?m not going to try again/i,
      /(?:has|have) been in the queue too long/i,
      /too many (?:failed )?(?:retries|attempts)/i,
      /undeliver(?:able|ed) (?:for|after) \d+ (?:day|hour)/i,
      /delivery attempts? (?:failed|exceeded)/i,
      /cannot send message within \d+ days/i,
      /was not delivered within/i,
      /will not be retried/i,
      /did not accept our requests to connect/i,
      /socket error/i,
    ],
  },
  {
    reason: 'suspended',
    clear: true,
    words: [
      /(?:account|mailbox|user|recipient|e-?mail address|boîte)[^.]{0,60}(?:suspend|disabled|inactive|deactivated|locked|blocked by administrator|not active|is closed|has been (?:closed|terminated))/i,
      /(?:suspended|inactive|disabled) (?:account|user|mailbox|recipient)/i,
      /account (?:is )?(?:not )?(?:expired|archived)/i,
      /temporarily (?:locked|suspended)/i,
      /domain (?:is )?(?:inactive|suspended)/i,
    ],
  },
  {
    reason: 'moved',
    clear: true,
    words: [
      /has moved/i,
      /moved to/i,
      /no longer (?:works|employed|with|at|using)/i,
      /address (?:has )?changed/i,
      /new (?:e-?mail )?address/i,
      /replaced by/i,
      /user not local; please try/i,
    ],
  },
  {
    reason: 'bad-domain',
    words: [
      /host unknown/i,
      /unknown (?:host|domain)/i,
      /host (?:or domain )?(?:name )?(?:not found|lookup failed|was not found)/i,
      /(?:name (?:server|service)).{0,40}(?:not found|error|failed)/i,
      /(?:domain|host)(?: name)?(?: \S{1,80})? (?:not found|does(?: not|n't) exist|is (?:invalid|unknown|not (?:known|valid|reachable)))/i,
      /(?:^|[^@\w.-])[\w-]+(?:\.[\w-]+)+ does not exist/i,
      /no such (?:domain|host)/i,
      /unrouteable (?:mail )?domain/i,
      /nxdomain/i,
      /bad destination (?:mail)?(?:system|domain|host)/i,
      /illegal host\/domain/i,
      /all relevant mx records point to non-existent/i,
      /couldn'?t find any host/i,
      /couldn'?t find a mail exchanger/i,
      /no (?:mx record|(?:valid )?(?:mail )?(?:exchanger|hosts?) (?:for|found))/i,
      /mx (?:record )?(?:not found|lookup)/i,
      /indicated no smtp service/i,
      /invalid (?:domain|host)/i,
      /does not accept (?:any )?mail/i,
      /null mx/i,
      /cannot find (?:a )?(?:the )?(?:domain|host|mx)/i,
      /unable to (?:resolve|look up)/i,
      /dns (?:error|lookup|failure)/i,
      /domain (?:must|does not|may not) (?:exist|resolve)/i,
    ],
  },
  {
    reason: 'bad-address',
    words: [
      /(?:user|recipient|mailbox|address|account|alias|addressee|userid|name|destinatario|destinataire|empfänger)s?(?: \S{1,80})?(?: (?:is|was|are|name))? ?(?:\(\S{1,80}\) )?(?:unknown|not (?:found|known|exist|valid|listed|recognized|here)|(?:does|do|did)(?: not|n'?t) (?:exist|have)|invalid|nonexistent|non-existent|unrecognized|is(?: not|n't) (?:a )?(?:known|valid|found|listed|in|on|here|recognized|our)|undeliverable|no longer|unavailable|inconnu)/i,
      /(?:no such|unknown|invalid|non-?existent|unrecognized|bad|illegal|not a valid|no valid|undeliverable|doesn'?t have an?) (?:\S{1,40} ){0,2}(?:user(?:id)?|recipient|mailbox|address|account|alias|local[- ]?part|person|rcpt|name)/i,
      /user[ -]?(?:unknown|not found)/i,
      /nosuchuser/i,
      /unrouteable address/i,
      /recipient address rejected\.?(?: \(|$|: ?user)/i,
      /\baddress rejected\.?$/i,
      /no (?:mailbox|account|user|one)(?: here)?(?: by that name| with)?/i,
      /doesn'?t have an? \S{1,40} account/i,
      /(?:adresse|compte) (?:d'?au moins un destinataire )?(?:destinataire )?(?:inconnue|invalide)/i,
      /not our customer/i,
      /this user (?:does(?:n'?t| not)|hasn'?t)/i,
      /this address no longer/i,
      /not (?:listed|match) in/i,
      /unable to (?:find|locate) (?:the )?(?:user|recipient)/i,
      /can'?t (?:find|create) (?:user|output)/i,
      /isn'?t in (?:our|my) (?:records|virtual)/i,
      /recipient ?(?:address )?(?:lookup|verification) fail/i,
      /宛先不明|存在しません/i,
    ],
  },
  {
    reason: 'relaying',
    clear: true,
    words: [
      /relay(?:ing)? (?:denied|not (?:permitted|allowed)|access denied|prohibited|rejected)/i,
      /unable to relay/i,
      /not permitted to relay/i,
      /we do not relay/i,
      /no relaying/i,
      /that domain isn'?t in my list/i,
      /insecure mail relay/i,
    ],
  },
  {
    reason: 'blocked',
    clear: true,
    words: [
      /blocked/i,
      /block ?list/i,
      /black ?list/i,
      /(?:is )?listed (?:in|at|on|by) (?!domino|public|the|a\b)/i,
      /\brbl\b/i,
      /dnsbl/i,
      /spamhaus/i,
      /spamcop/i,
      /barracuda/i,
      /reputation/i,
      /connections? refused by/i,
      /ip address (?:is |was |has been )?(?:banned|denied|refused|rejected|not)/i,
      /client host rejected/i,
      /banned/i,
    ],
  },
  {
    reason: 'spam',
    clear: true,
    words: [/\bspam/i, /\bbulk\b/i, /unsolicited/i, /junk/i, /content (?:reject|filter)/i, /suspicious/i],
  },
  {
    reason: 'rate',
    clear: true,
    words: [
      /too many (?:connections|messages|recipients|concurrent|emails|requests)/i,
      /rate limit/i,
      /(?:connection|message) (?:limit|rate)/i,
      /throttl/i,
      /exceeded the (?:rate|limit)/i,
      /gr[ea]y-?list/i,
    ],
  },
  {
    reason: 'network',
    words: [
      /connection (?:refused|reset|lost|dropped|timed)/i,
      /no route/i,
      /network/i,
      /could ?n[o']t (?:connect|establish)/i,
      /timed? ?out/i,
      /mail loop/i,
      /hop count/i,
      /too many hops/i,
      /looping/i,
      /host (?:is )?unreachable/i,
      /\btls\b/i,
      /\bssl\b/i,
    ],
  },
  {
    reason: 'policy',
    words: [
      /polic/i,
      /not allowed/i,
      /refused/i,
      /denied/i,
      /reject/i,
      /prohibited/i,
      /violat/i,
      /administratively/i,
      /permission/i,
      /not authorized/i,
    ],
  },
];

/** Enhanced codes that say all there is to say: RFC 3463, RFC 7372, RFC 7505; only those that servers use for nothing else. */
const CODES: Readonly<Record<string, string>> = {
  '1.1': 'bad-address',
  '1.2': 'bad-domain',
  '1.3': 'bad-address',
  '1.6': 'moved',
  '1.7': 'sender',
  '1.8': 'sender',
  '1.10': 'bad-domain',
  '2.2': 'mailbox-full',
  '2.3': 'too-large',
  '3.4': 'too-large',
  '4.1': 'network',
  '4.4': 'bad-domain',
  '4.6': 'network',
  '4.7': 'expired',
  '7.20': 'authentication',
  '7.23': 'authentication',
  '7.25': 'reverse-dns',
  '7.26': 'authentication',
};
