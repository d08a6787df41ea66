/** What a server's words say of why it would not have a mail. */
export interface BounceMeaning {
  reason: string;
  /** The address itself is at fault: nobody, no host, moved away. */
  suppress: boolean;
}

interface Family extends BounceMeaning {
  readonly words: RegExp;
}

/** From the special to the general: the first that fits counts. */
const FAMILIES: readonly Family[] = [
  {
    reason: 'authentication',
    suppress: false,
    words:
      /\bdmarc\b|\bdkim\b|\bspf\b|sender policy framework|not pass(?:ed)? (?:spf|authentication)|unauthenticated (?:e-?mail|sender)|authentication-?results?/i,
  },
  { reason: 'virus', suppress: false, words: /\bvirus|malware|infected|phishing|\btrojan/i },
  {
    reason: 'reverse-dns',
    suppress: false,
    words:
      /\bptr\b|reverse[ -](?:dns|hostname|lookup|mapping)|\brdns\b|no reverse|cannot (?:find|resolve) your (?:reverse )?hostname|cannot resolve your (?:ip|address)|ip name (?:lookup|possibly forged)/i,
  },
  {
    reason: 'mailbox-full',
    suppress: false,
    words:
      /mail ?box (?:is )?(?:full|size limit)|mailbox (?:is )?over|over(?:the)?[- ]?(?:the )?quota|quota (?:is )?(?:exceed|full|violation|reached)|exceed(?:s|ed|ing)? (?:the |their |his |its |your |allowed )*(?:storage|mail ?box|disk|mail|message)? ?(?:quota|(?:storage|size|space) (?:limit|allocation))|(?:not enough|insufficient) (?:disk |storage )?space|(?:disk|user) (?:quota|space)|storage (?:limit|allocation)|out of (?:storage|space)|too much mail data|full mailbox|mailfolder is full|account is full|inbox is full|boîte pleine|postfach (?:ist )?voll|maildir (?:delivery )?(?:over|has over)/i,
  },
  {
    reason: 'too-large',
    suppress: false,
    words:
      /message (?:size|is too (?:large|big|long)|too (?:large|big|long)|length)|(?:size|length) (?:exceeds|exceeded|limit)|max(?:imum)? (?:message )?size|too large|max message size|file too big/i,
  },
  {
    reason: 'expired',
    suppress: false,
    words:
      /retry time(?:out)?(?: not reached for any host after a long failure)? exceeded|delivery (?:time ?out|expired|time expired)|message (?:expired|timed out|has been in queue too long|could not be delivered for (?:more than )?\d)|unable to deliver (?:the )?message (?:in|for) (?:the (?:allotted|last) )?|(?:queue|retry) ?(?:time)?(?: ?out| lifetime| too long)|could not be delivered for more than|not been (?:able to be )?delivered (?:for|within|after)|i'?m not going to try again|(?:has|have) been in the queue too long|giving up|too many (?:failed )?(?:retries|attempts)|undeliver(?:able|ed) (?:for|after) \d+ (?:day|hour)|delivery attempts? (?:failed|exceeded)|cannot send message within \d+ days|was not delivered within|will not be retried|has exceeded|transaction timed? ?out|connection (?:timed out|expired)|operation timed out|could not send|mail queued too long/i,
  },
  {
    reason: 'suspended',
    suppress: false,
    words:
      /(?:account|mailbox|user|recipient|e-?mail address|boîte)[^.\n]{0,60}(?:suspend|disabled|inactive|deactivated|locked|blocked by administrator|not active|is closed|has been (?:closed|terminated))|(?:suspended|inactive|disabled) (?:account|user|mailbox|recipient)|account (?:is )?(?:not )?(?:expired|archived)|temporarily (?:locked|suspended)|domain (?:is )?(?:inactive|suspended)|not accepting mail/i,
  },
  {
    reason: 'moved',
    suppress: true,
    words:
      /has moved|moved to|no longer (?:works|employed|with|at|using)|address (?:has )?changed|new (?:e-?mail )?address|replaced by|user not local; please try/i,
  },
  {
    reason: 'bad-domain',
    suppress: true,
    words:
      /host (?:unknown|(?:or domain )?(?:name )?(?:not found|lookup failed))|name (?:server|service).{0,40}(?:not found|error|failed)|(?:domain|host)(?: name)?(?: \S{1,80})? (?:not found|does(?: not|n't) exist|is (?:invalid|unknown|not (?:known|valid)))|unknown (?:host|domain)|no such (?:domain|host)|unrouteable (?:mail )?(?:address|domain)|nxdomain|bad destination (?:mail)?(?:system|domain|host)|illegal host\/domain|all relevant mx records point to non-existent|couldn'?t find any host|no (?:route to host|mx record|(?:valid )?(?:mail )?(?:exchanger|hosts?) (?:for|found))|mx (?:record )?(?:not found|lookup)|invalid (?:domain|host)|does not accept (?:any )?mail|null mx|cannot find (?:a )?(?:the )?(?:domain|host|mx)|unable to (?:resolve|look up)|dns (?:error|lookup|failure)|domain (?:must|does not) (?:exist|resolve)|recipient(?:'s)? domain|host was not found/i,
  },
  {
    reason: 'bad-address',
    suppress: true,
    words:
      /(?:user|recipient|mailbox|address|account|alias|addressee|destinatario|destinataire|empfänger)s?(?: \S{1,80})?(?: (?:is|was|are|name))? ?(?:\(\S{1,80}\) )?(?:unknown|not (?:found|known|exist|valid|listed|recognized|here)|(?:does|do|did)(?: not|n'?t) (?:exist|have)|invalid|nonexistent|non-existent|unrecognized|is(?: not|n't) (?:a )?(?:known|valid|found|listed|in|on|here|recognized|our)|rejected|undeliverable|no longer|unavailable|inconnu)|(?:no such|unknown|invalid|non-?existent|unrecognized|bad|illegal|not a valid|no valid|undeliverable|doesn'?t have an?) (?:\S{1,40} )?(?:user|recipient|mailbox|address|account|alias|local[- ]?part|person|rcpt|destination|name)|user[ -]?(?:unknown|not found)|nosuchuser|no (?:mailbox|account|user|one)(?: here)?(?: by that name| with)?|doesn'?t have an? \S{1,40} account|(?:adresse|compte) (?:d au moins un destinataire )?(?:inconnue|invalide)|not our customer|this user (?:does(?:n'?t| not)|hasn'?t)|sorry, no mailbox|this address no longer|delivery to the following recipient.{0,10}failed permanently|not (?:listed|match) in|unable to (?:find|locate) (?:the )?(?:user|recipient)|can'?t (?:find|create) (?:user|output)|could not be found|isn'?t in (?:our|my) (?:records|virtual)|recipient ?(?:address )?(?:lookup|verification) fail|宛先不明|存在しません|あて先/i,
  },
  {
    reason: 'relaying',
    suppress: false,
    words:
      /relay(?:ing)? (?:denied|not (?:permitted|allowed)|access denied|prohibited|rejected)|unable to relay|not permitted to relay|we do not relay|no relaying|that domain isn'?t in my list|insecure mail relay|mail server requires authentication/i,
  },
  {
    reason: 'blocked',
    suppress: false,
    words:
      /blocked|block ?list|black ?list|(?:is )?listed (?:in|at|on|by)|\brbl\b|dnsbl|spamhaus|spamcop|barracuda|(?:poor|bad|low) reputation|reputation|access denied|connections? (?:from|refused)|ip address|client host rejected|banned|too many (?:spam|bad)/i,
  },
  {
    reason: 'spam',
    suppress: false,
    words: /\bspam|\bbulk\b|unsolicited|junk|content (?:reject|filter)|looks like|suspicious/i,
  },
  {
    reason: 'rate',
    suppress: false,
    words:
      /too many|rate limit|(?:connection|message) (?:limit|rate)|throttl|try again later|exceeded the (?:rate|limit)|greylist|grey-?listed/i,
  },
  {
    reason: 'network',
    suppress: false,
    words:
      /connection (?:refused|reset|lost|dropped|timed)|no route|network|could ?n[o']t (?:connect|establish)|timed? ?out|mail loop|too many hops|looping|host (?:is )?unreachable|remote host|tls|ssl/i,
  },
  {
    reason: 'sender',
    suppress: false,
    words:
      /sender (?:address|domain|rejected|denied|verify)|from address|domain of sender|return path|envelope sender/i,
  },
  {
    reason: 'policy',
    suppress: false,
    words: /polic|not allowed|refused|denied|reject|prohibited|violat|administratively|permission/i,
  },
];

/** Enhanced codes that say all there is to say: RFC 3463, RFC 7505, RFC 7372; only those that servers use for nothing else. */
const CODES: Readonly<Record<string, BounceMeaning>> = {
  '1.1': { reason: 'bad-address', suppress: true },
  '1.2': { reason: 'bad-domain', suppress: true },
  '1.3': { reason: 'bad-address', suppress: true },
  '1.6': { reason: 'moved', suppress: true },
  '1.10': { reason: 'bad-domain', suppress: true },
  '2.2': { reason: 'mailbox-full', suppress: false },
  '2.3': { reason: 'too-large', suppress: false },
  '3.4': { reason: 'too-large', suppress: false },
  '4.1': { reason: 'network', suppress: false },
  '4.4': { reason: 'bad-domain', suppress: true },
  '4.6': { reason: 'network', suppress: false },
  '4.7': { reason: 'expired', suppress: false },
  '7.20': { reason: 'authentication', suppress: false },
  '7.23': { reason: 'authentication', suppress: false },
  '7.25': { reason: 'reverse-dns', suppress: false },
  '7.26': { reason: 'authentication', suppress: false },
};

/** Families that a server's words name so clearly that its code does not matter. */
const CLEAR: ReadonlySet<string> = new Set([
  'authentication',
  'virus',
  'reverse-dns',
  'mailbox-full',
  'suspended',
  'moved',
  'blocked',
  'relaying',
  'spam',
  'rate',
]);

/** Of the words first where they are clear, then of the code, then of the words. */
export function meaningOf(words: string, status: string | undefined): BounceMeaning {
  const text = words.slice(0, 4_000).replaceAll(/\s+/g, ' ');
  const family = FAMILIES.find(({ words: pattern }) => pattern.test(text));
  const coded = status === undefined ? undefined : CODES[status.slice(2)];
  if (coded && !(family && CLEAR.has(family.reason))) return coded;
  if (family) return { reason: family.reason, suppress: family.suppress };
  return coded ?? { reason: 'other', suppress: false };
}
