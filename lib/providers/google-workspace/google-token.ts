import { HttpError } from '../../transport/http/http.error.js';
import { HttpClient } from '../../transport/http/http-client.js';
import { refused, unreadable } from '../../transport/http/http-failures.js';
import { baseUrlOf, type HttpSettings, milliseconds } from '../../transport/http/http-settings.js';
import type { Duration } from '../../duration.js';

/**
 * Gives a token: the one it has until five minutes before that expires, and another when it is told that this one was refused. To be the
 * `accessToken` of a transport.
 *
 * @throws HttpError scope `transport`, reason `credentials` when Google knows why there is none
 */
export type GoogleToken = (refused?: string) => Promise<string>;

/** What both kinds of token take. */
export interface GoogleTokenOptions {
  /** Default `https://oauth2.googleapis.com/token`. */
  tokenUrl?: string;
  /** For one request. Default `'15s'`. */
  timeout?: Duration;
}

/** What is sent to get a token, as a form. */
export type TokenRequest = Readonly<Record<string, string>>;

/** @throws RelayConfigurationError */
export function tokenSettings({ tokenUrl, timeout }: GoogleTokenOptions): HttpSettings {
  return {
    baseUrl: baseUrlOf('google-workspace.tokenUrl', tokenUrl ?? 'https://oauth2.googleapis.com/token'),
    timeout: milliseconds('google-workspace.timeout', timeout ?? '15s'),
  };
}

/** Keeps what {@link TokenRequest}s bring; several who ask at once share one. */
export function cachedToken(settings: HttpSettings, request: () => TokenRequest): GoogleToken {
  let current: { token: Promise<string>; known?: string; until: number } | undefined;
  return (refusedToken) => {
    const fresh = current && performance.now() < current.until;
    if (current && fresh && (refusedToken === undefined || refusedToken !== current.known)) return current.token;
    const asked = { until: Infinity } as NonNullable<typeof current>;
    asked.token = requestToken(settings, request()).then(
      ({ token, seconds }) => {
        asked.known = token;
        // What lives for minutes only is renewed half-way.
        asked.until = performance.now() + Math.max(seconds - RENEWED_BEFORE, seconds / 2) * 1000;
        return token;
      },
      (error: unknown) => {
        if (current === asked) current = undefined;
        throw error;
      },
    );
    current = asked;
    return asked.token;
  };
}

/** Seconds. */
const RENEWED_BEFORE = 300;

/** https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
async function requestToken(settings: HttpSettings, form: TokenRequest): Promise<{ token: string; seconds: number }> {
  const http = new HttpClient(settings, secretsIn(form));
  try {
    const answer = await http.request({
      path: '',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
    const { access_token: token, expires_in: seconds, error, error_description: words } = fields(answer.json);
    if (answer.status === 200 && typeof token === 'string' && token !== '')
      return { token, seconds: typeof seconds === 'number' ? seconds : 3600 };
    if (typeof error !== 'string') throw unreadable(answer);
    const ours = answer.status < 500 && answer.status !== 429;
    throw refused(answer, `no token: ${error}${typeof words === 'string' ? `: ${words}` : ''}`, {
      code: error,
      ...(ours && { reason: 'credentials' }),
    });
  } catch (failure) {
    throw failure instanceof HttpError ? harmless(failure) : failure;
  } finally {
    void http.close();
  }
}

/** As they are, and as they stand in the form. */
function secretsIn({
  assertion = '',
  client_secret: client = '',
  refresh_token: refresh = '',
}: TokenRequest): string[] {
  const secrets = [assertion, client, refresh].filter((secret) => secret !== '');
  return [...secrets, ...secrets.map(encodeURIComponent)];
}

/** Whatever went wrong here, no mail was sent, and none is at fault. */
function harmless({ message, code, reason, retryAfter, status, cause }: HttpError): HttpError {
  return new HttpError(message, { scope: 'transport', code, reason, retryAfter, status, cause });
}

function fields(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : {};
}
