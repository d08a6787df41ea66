import { verify, X509Certificate } from 'node:crypto';
import { WebhookRejectedError } from '../../errors/webhook-rejected.error.js';
import { type Json, textIn } from '../../feedback/webhooks/read-json.js';

/** Fetches a certificate in PEM. */
export type FetchCertificate = (url: string) => Promise<string>;

/**
 * Messages of Amazon SNS, signed.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
export class SnsVerifier {
  readonly #fetch: FetchCertificate;
  readonly #certificates = new Map<string, Promise<X509Certificate>>();

  constructor(fetchCertificate: FetchCertificate = overHttps) {
    this.#fetch = fetchCertificate;
  }

  /** @throws WebhookRejectedError 403 for a message that Amazon has not signed, or 400 for one that is none */
  async verify(message: Json): Promise<void> {
    const digest = DIGESTS[String(message['SignatureVersion'])];
    const names = SIGNED[String(message['Type'])];
    if (!digest || !names) throw new WebhookRejectedError(400, 'it is no SNS message');
    const url = certificateUrl(message['SigningCertURL'] ?? message['SigningCertUrl']);
    const certificate = await this.#certificate(url);
    const signed = names.flatMap((name) => {
      const value = message[name];
      return typeof value === 'string' ? [`${name}\n${value}\n`] : [];
    });
    const signature = Buffer.from(textIn(message['Signature']) ?? '', 'base64');
    if (!verify(digest, Buffer.from(signed.join('')), certificate.publicKey, signature))
      throw new WebhookRejectedError(403, 'its signature is not Amazon’s');
  }

  #certificate(url: string): Promise<X509Certificate> {
    const known = this.#certificates.get(url);
    if (known) return known;
    // Amazon has one a region at a time.
    if (this.#certificates.size >= MOST_CERTIFICATES) this.#certificates.clear();
    const fetched = this.#fetch(url).then((pem) => new X509Certificate(pem));
    this.#certificates.set(url, fetched);
    return fetched.catch((cause: unknown) => {
      this.#certificates.delete(url);
      throw new Error(`The certificate at ${url} cannot be had`, { cause });
    });
  }
}

const DIGESTS: Readonly<Record<string, string>> = { '1': 'RSA-SHA1', '2': 'RSA-SHA256' };

const CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const;

/** What is signed, in this order; Subject only where it is there. */
const SIGNED: Readonly<Record<string, readonly string[]>> = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: CONFIRMATION,
  UnsubscribeConfirmation: CONFIRMATION,
};

const MOST_CERTIFICATES = 20;
const SNS_HOST = /^sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(?:\.cn)?$/;

/** @throws WebhookRejectedError 403 for a certificate that is not Amazon's */
function certificateUrl(given: unknown): string {
  const url = URL.canParse(String(given)) ? new URL(String(given)) : undefined;
  if (
    url?.protocol === 'https:' &&
    SNS_HOST.test(url.hostname) &&
    url.port === '' &&
    url.username === '' &&
    url.pathname.endsWith('.pem')
  )
    return url.href;
  throw new WebhookRejectedError(403, 'its certificate is not at Amazon’s');
}

async function overHttps(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.text();
}
