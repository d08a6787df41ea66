import { MailError } from '../../errors/mail.error.js';
import type { ConsoleAnswer } from '../http/console-answer.js';
import { ConsoleRejectedError } from '../http/console-rejected.error.js';
import type { ConsoleRoutes } from '../http/console-routes.js';
import type { RelayAccess } from '../relay-access.js';
import { contentViewOf } from '../view/content-view.js';
import { emptyFrame, type FrameOptions, frameOf } from '../view/frame-html.js';
import { sourceOf } from '../view/mail-source.js';
import { type ReadMessage, readMessage } from '../view/read-message.js';

/** What is in a mail. */
export const CONTENT_ROUTES: ConsoleRoutes = {
  'GET mails/:/content': async (relay, { parts }) => {
    const message = await messageOf(relay, parts[0]!);
    return { json: contentViewOf(message, await streamOf(relay, parts[0]!)) };
  },
  'GET mails/:/html': async (relay, { parts, query }) => {
    try {
      return frameOf(await messageOf(relay, parts[0]!), frameOptionsOf(query));
    } catch (error) {
      // It is a frame that it is shown in.
      if (error instanceof ConsoleRejectedError || error instanceof MailError)
        return { ...emptyFrame(error.message), status: error instanceof ConsoleRejectedError ? error.status : 422 };
      throw error;
    }
  },
  'GET mails/:/source': async (relay, { parts, query }) =>
    sourceAnswer(parts[0]!, await sourceOf(relay, parts[0]!), query),
  'GET mails/:/attachments/:': async (relay, { parts }) =>
    attachmentAnswer(await messageOf(relay, parts[0]!), parts[1]!),
};

export function frameOptionsOf(query: URLSearchParams): FrameOptions {
  return { images: query.get('images') === '1', dark: query.get('dark') === '1' };
}

async function messageOf(relay: RelayAccess, id: string): Promise<ReadMessage> {
  return readMessage(await sourceOf(relay, id));
}

async function streamOf({ queue }: RelayAccess, id: string): Promise<string | undefined> {
  return (await queue.store.load(id))?.about?.stream ?? (await queue.find(id))?.snapshot.stream;
}

function sourceAnswer(id: string, raw: Uint8Array, query: URLSearchParams): ConsoleAnswer {
  if (query.get('download') !== '1') return { headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: raw };
  return { headers: download(`${id}.eml`, 'message/rfc822'), body: raw };
}

function attachmentAnswer({ attachments }: ReadMessage, index: string): ConsoleAnswer {
  const attachment = /^\d{1,4}$/.test(index) ? attachments[Number(index)] : undefined;
  if (!attachment) throw new ConsoleRejectedError(404, 'The mail has no such attachment');
  const { filename = `attachment-${index}`, contentType, bytes } = attachment;
  return { headers: download(filename, contentType), body: bytes };
}

/** RFC 6266, RFC 8187. Whatever it claims to be, no browser opens it here: the answer's policy is a sandbox. */
function download(filename: string, contentType: string): Record<string, string> {
  const plain = filename.replace(/[^\w .()-]/g, '_').slice(0, 150);
  const full = encodeURIComponent(filename.slice(0, 150).toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return {
    'Content-Type': /^[\w.+-]{1,60}\/[\w.+-]{1,80}$/.test(contentType) ? contentType : 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${plain}"; filename*=UTF-8''${full}`,
  };
}
