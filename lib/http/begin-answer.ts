import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Whether a request can still be answered. What nobody has read of it would be read as the next one, so that the connection ends with
 * the answer.
 */
export async function beginAnswer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  if (response.headersSent || response.destroyed) return false;
  const unread = !request.complete;
  if (unread) await discardBody(request);
  if (response.destroyed) return false;
  if (unread) response.setHeader('Connection', 'close');
  response.removeHeader('X-Powered-By');
  return true;
}

/** Reads on for a moment what nobody wants, so that a client that is still writing gets to read the answer. */
function discardBody(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, DISCARD_TIME).unref();
    for (const event of ['end', 'close', 'error']) {
      request.once(event, () => {
        clearTimeout(timer);
        resolve();
      });
    }
    request.resume();
  });
}

/** Milliseconds. */
const DISCARD_TIME = 1_000;
