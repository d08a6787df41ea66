import { expect, it } from 'vitest';
import { CONTENT_ROUTES } from '../../lib/console/api/contents.js';
import type { ConsoleRequest } from '../../lib/console/http/console-request.js';
import type { RelayAccess } from '../../lib/console/relay-access.js';

it('hands out an attachment whatever its name is, and where that is cut', async () => {
  const raw = [
    'From: a@x.test',
    'MIME-Version: 1.0',
    'Content-Type: application/pdf',
    `Content-Disposition: attachment; filename="${'a'.repeat(149)}😀.pdf"`,
    '',
    'x',
  ].join('\r\n');
  const relay = { runtime: { contents: { get: async () => Buffer.from(raw) } } } as unknown as RelayAccess;
  const request = { parts: ['id', '0'] } as unknown as ConsoleRequest;
  const answer = await CONTENT_ROUTES['GET mails/:/attachments/:']!(relay, request, undefined as never);
  expect(answer!.headers!['Content-Disposition']).toContain(`${'a'.repeat(149)}%EF%BF%BD`);
});
