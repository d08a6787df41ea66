import { HttpException } from '@nestjs/common';
import { ConsoleRejectedError } from '../http/console-rejected.error.js';
import { type ConsoleRequest, wordOf } from '../http/console-request.js';
import type { ConsoleRoutes } from '../http/console-routes.js';
import { MailPreviews, previewErrorOf } from '../previews/mail-previews.js';
import type { RelayAccess } from '../relay-access.js';
import { contentViewOf } from '../view/content-view.js';
import { emptyFrame, frameOf } from '../view/frame-html.js';
import { type ReadMessage, readMessage } from '../view/read-message.js';
import { frameOptionsOf } from './contents.js';

/** Samples of mails, rendered as they are asked for. */
export const PREVIEW_ROUTES: ConsoleRoutes = {
  'GET previews': async (relay) => ({ json: { mails: new MailPreviews(relay).list() } }),
  'GET previews/:': async (relay, request) => {
    const locale = wordOf(request.query, 'locale');
    const shown = { ...(locale !== undefined && { locale }) };
    try {
      const { message, stream } = await rendered(relay, request);
      return { json: { ...contentViewOf(message, stream), ...shown } };
    } catch (error) {
      if (error instanceof ConsoleRejectedError || error instanceof HttpException) throw error;
      return { json: { ...NOTHING, ...shown, error: previewErrorOf(error) } };
    }
  },
  'GET previews/:/html': async (relay, request) => {
    try {
      return frameOf((await rendered(relay, request)).message, frameOptionsOf(request.query));
    } catch (error) {
      if (error instanceof ConsoleRejectedError) throw error;
      return emptyFrame(previewErrorOf(error).message);
    }
  },
};

async function rendered(
  relay: RelayAccess,
  { parts, query }: ConsoleRequest,
): Promise<{ message: ReadMessage; stream: string }> {
  const message = await new MailPreviews(relay).render(parts[0]!, wordOf(query, 'locale'));
  return { message: await readMessage(await message.raw()), stream: message.stream };
}

/** What is shown where nothing was rendered. */
const NOTHING = {
  subject: '',
  from: '',
  to: [],
  cc: [],
  replyTo: [],
  headers: [],
  attachments: [],
  size: 0,
  links: [],
  warnings: [],
};
