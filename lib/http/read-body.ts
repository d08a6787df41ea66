import type { IncomingMessage } from 'node:http';

export interface BodyLimits {
  /** Bytes. */
  readonly most: number;
  /** How long all of it may take, in milliseconds. */
  readonly time: number;
  /** The error for what cannot be taken: 413, 408, 400. */
  readonly reject: (status: number, why: string) => Error;
}

/** A request's body as it came; where a parser of the application's has read it before, that which Nest's `rawBody` has kept. */
export function readBody(request: IncomingMessage, { most, time, reject }: BodyLimits): Promise<Buffer> {
  const tooLong = () => reject(413, `its body is longer than ${most} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > most) return Promise.reject(tooLong());
  if (request.readableEnded) {
    const { rawBody } = request as IncomingMessage & { rawBody?: Buffer };
    if (!rawBody)
      return Promise.reject(reject(500, 'a parser has read its body: create the application with { rawBody: true }'));
    return rawBody.length > most ? Promise.reject(tooLong()) : Promise.resolve(rawBody);
  }
  return new Promise((resolve, refuse) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: Error): void => {
      clearTimeout(timer);
      request.off('data', take);
      request.pause();
      refuse(error);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > most) fail(tooLong());
      else chunks.push(chunk);
    };
    const timer = setTimeout(() => fail(reject(408, 'its body did not come in time')), time).unref();
    request.on('data', take);
    request.once('end', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
    request.once('error', () => fail(reject(400, 'its connection broke')));
    request.once('close', () => fail(reject(400, 'its connection was closed')));
  });
}
