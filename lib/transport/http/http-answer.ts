import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What an API answered. */
export interface HttpAnswer {
  /** Of the server, for messages: `api.acme.test`. */
  readonly host: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body as far as it was read, as UTF-8. Our own secrets are `***` in it. */
  readonly text: string;
  /** The body as JSON, where it is JSON and all of it came. */
  readonly json?: unknown;
  /** `false`: the connection broke, time ran out, or there was more than may be read, by default {@link LONGEST_ANSWER} bytes. */
  readonly complete: boolean;
}

/** Bytes of an answer that are read: no mail API says more than that of a mail. */
export const LONGEST_ANSWER = 1024 * 1024;

/** Reads an answer to its end or as far as it comes; never throws, since the status says what matters most. */
export async function readAnswer(
  response: IncomingMessage,
  host: string,
  redact: (text: string) => string,
  longest = LONGEST_ANSWER,
): Promise<HttpAnswer> {
  const { bytes, complete } = await readBody(response, longest);
  const text = redact(bytes.toString('utf8'));
  const json = complete ? parseJson(text, redact) : undefined;
  return {
    host,
    status: response.statusCode!,
    headers: response.headers,
    text,
    ...(json !== undefined && { json }),
    complete,
  };
}

function readBody(response: IncomingMessage, longest: number): Promise<{ bytes: Buffer; complete: boolean }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let room = longest;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, room));
      room -= chunk.length;
      if (room < 0) response.destroy();
    });
    // The answer that was cut short; `close` follows.
    response.once('error', () => undefined);
    response.once('close', () => resolve({ bytes: Buffer.concat(chunks), complete: response.complete && room >= 0 }));
  });
}

/** An object or an array, whatever content type the server gave it: some on the way change that. */
function parseJson(text: string, redact: (text: string) => string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    // Once more, since JSON can write a secret in other ways.
    return JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? redact(value) : value)) as unknown;
  } catch {
    return undefined;
  }
}
