import type { MailEvent } from './mail-event.interface.js';

/** Programs that open mails or follow links with nobody in front of them, and how they are known by their `User-Agent`. */
interface MachineRule {
  /** What events say. */
  readonly machine: string;
  /** The whole name. */
  readonly equals?: string;
  /** In lower case; one of them is in it. */
  readonly contains?: readonly string[];
  /** Who says so. */
  readonly source: string;
}

/**
 * The first that fits counts. Proxies of mailbox providers are here too: who fetches the picture, and when, is not what the recipient does.
 */
export const MACHINE_RULES: readonly MachineRule[] = [
  {
    machine: 'apple-mail-privacy',
    equals: 'mozilla/5.0',
    source: 'https://documentation.mailgun.com/docs/mailgun/user-manual/tracking-messages/open-click-bot-detect',
  },
  {
    machine: 'gmail-image-proxy',
    contains: ['googleimageproxy', 'via ggpht.com'],
    source: 'https://www.scientiamobile.com/what-is-google-image-proxy/',
  },
  {
    machine: 'gmail-prefetch',
    equals:
      'mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/42.0.2311.135 safari/537.36 edge/12.246 mozilla/5.0',
    source: 'https://bird.com/blog/gmail-prefetching-images',
  },
  {
    machine: 'yahoo-image-proxy',
    contains: ['yahoomailproxy'],
    source: 'https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html',
  },
  {
    machine: 'security-scanner',
    contains: ['barracuda', 'proofpoint', 'mimecast', 'ciscosecureemail', 'fortimail', 'sophos'],
    source: 'https://check.live-direct-marketing.online/blog/bot-clicks-security-scanners-detect',
  },
  {
    machine: 'link-preview',
    contains: [
      'skypeuripreview',
      'bingpreview',
      'slackbot',
      'slack-imgproxy',
      'facebookexternal',
      'twitterbot',
      'linkedinbot',
      'whatsapp/',
      'telegrambot',
      'discordbot',
      'snap url preview',
    ],
    source: 'https://suped.com/learn/email-deliverability/how-can-i-identify-bot-user-agents-in-my-email-click-data',
  },
  {
    machine: 'http-client',
    contains: [
      'python-requests',
      'python-urllib',
      'aiohttp',
      'wget/',
      'curl/',
      'java/',
      'jetty/',
      'apache-httpclient',
      'lua-resty-http',
      'go-http-client',
      'libwww-perl',
      'headlesschrome',
      'phantomjs',
    ],
    source: 'https://suped.com/learn/email-deliverability/how-can-i-identify-bot-user-agents-in-my-email-click-data',
  },
  {
    machine: 'crawler',
    contains: ['bot/', 'bot;', 'crawler', 'spider'],
    source: 'https://developers.google.com/search/docs/crawling-indexing/google-common-crawlers',
  },
];

/** The machine behind a `User-Agent`, if it is known. */
export function machineOf(userAgent: string | undefined): string | undefined {
  if (userAgent === undefined) return undefined;
  const name = userAgent.slice(0, LONGEST_NAME).trim().toLowerCase();
  return MACHINE_RULES.find(({ equals, contains }) => name === equals || contains?.some((part) => name.includes(part)))
    ?.machine;
}

const LONGEST_NAME = 512;

/** An open or click as it came from a provider that does not tell machines itself. */
export function withMachine(event: MailEvent): MailEvent {
  if ((event.type !== 'opened' && event.type !== 'clicked') || event.machine !== undefined) return event;
  const machine = machineOf(event.userAgent);
  return machine === undefined ? event : { ...event, machine };
}

/** Whether nobody was there when it happened. */
export function isByMachine(event: MailEvent): boolean {
  return (event.type === 'opened' || event.type === 'clicked') && event.machine !== undefined;
}
