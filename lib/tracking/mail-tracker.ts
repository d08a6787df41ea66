import { Logger } from '@nestjs/common';
import type { MessageCopy, MessageTracker, TrackedSnapshot } from '../delivery/message-tracker.interface.js';
import type { MailMessage } from '../mail/mail-message.interface.js';
import { filledHtml, trackedHtml, type TrackedHtml } from './track-html.js';
import { unsubscribeUrls } from './trackable-url.js';
import type { TrackingSettings } from './tracking-options.js';
import { TrackingTokens } from './tracking-tokens.js';

/** Puts an image and links of the relay's own into a mail's HTML, for each recipient others. The text is left as it is. */
export class MailTracker implements MessageTracker {
  readonly #logger = new Logger('MailRelay');
  readonly #settings: TrackingSettings | undefined;
  readonly #prefixes: readonly string[];
  readonly #tokens: TrackingTokens;
  readonly #logged = new Set<string>();

  /** @param untracked beginnings of URLs, beside those of the settings */
  constructor(settings: TrackingSettings | undefined, untracked: readonly string[] = []) {
    this.#settings = settings;
    this.#prefixes = settings ? [`${settings.url}/`, ...settings.except, ...untracked] : [];
    this.#tokens = new TrackingTokens(settings?.secrets ?? []);
  }

  copies(message: MailMessage, snapshot: TrackedSnapshot, to: readonly string[]): readonly MessageCopy[] {
    const html = snapshot.track && this.#read(message, snapshot.track);
    if (!html || html.gaps.length === 0) return [{ message, to }];
    return to.map((address) => {
      const recipient = snapshot.envelope.to.indexOf(address);
      if (recipient < 0) return { message, to: [address] };
      const copy = (): MailMessage => this.#copy(message, html, snapshot.id, recipient);
      // Made as it goes out: a hundred at once would hold up everything else.
      return {
        get message() {
          return copy();
        },
        to: [address],
      };
    });
  }

  #read(message: MailMessage, track: { opens: boolean; clicks: boolean }): TrackedHtml | undefined {
    if (message.html === undefined) return undefined;
    if (!this.#settings) {
      this.#warn(message, 'this process has no tracking: { url, secret }');
      return undefined;
    }
    const untracked = { prefixes: this.#prefixes, urls: unsubscribeUrls(message.headers) };
    const html = trackedHtml(message.html, track, untracked);
    if (typeof html !== 'string') return html;
    this.#warn(message, `something could get lost in their HTML: ${html}`);
    return undefined;
  }

  #copy(message: MailMessage, html: TrackedHtml, mailId: string, recipient: number): MailMessage {
    const { url: base } = this.#settings!;
    // A mail links to the same page more than once.
    const known = new Map<string, string>();
    const filled = filledHtml(html, (url) => {
      if (url === null) return pixel(`${base}/o/${this.#tokens.sign({ mailId, recipient })}`);
      let link = known.get(url);
      if (link === undefined) known.set(url, (link = `${base}/c/${this.#tokens.sign({ mailId, recipient, url })}`));
      return link;
    });
    return Object.freeze({ ...message, html: filled });
  }

  /** Once for a class of mails. */
  #warn({ mail }: MailMessage, why: string): void {
    const of = mail ?? 'Mails without a class';
    const key = `${of}\n${why}`;
    if (this.#logged.has(key) || this.#logged.size >= MOST_LOGGED) return;
    this.#logged.add(key);
    this.#logger.warn(`${of}: sent without tracking, since ${why}`);
  }
}

const MOST_LOGGED = 1_000;

function pixel(url: string): string {
  return `<img src="${url}" width="1" height="1" alt="" border="0" style="width:1px;height:1px;border:0" />`;
}
