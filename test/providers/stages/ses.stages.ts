import { expect } from 'vitest';
import { SesSmtpTransport, SesTransport } from '../../../lib/index.js';
import { KEY, SECRET, SesServer } from '../ses-server.js';
import { arrivedMime } from './arrived-mime.js';
import { smtpStage } from './smtp-stage.js';
import { onlyNew, type OwnFields, type Stage } from './stage.js';

const AUTH = { user: 'AKIASMTPUSER', pass: 'BSecretSmtpPassword' };

export const SES_STAGES: readonly Stage[] = [
  {
    name: 'ses',
    provider: 'ses',
    givesId: true,
    own: (mail) => ({ EmailTags: tagsOf(mail).map(([Name, Value]) => ({ Name, Value })) }),
    extras: {
      ConfigurationSetName: 'set-of-ses',
      EmailTags: expect.arrayContaining([{ Name: 'team', Value: 'tag-of-ses' }]),
    },
    async start() {
      const server = await SesServer.open();
      const transport = new SesTransport({
        region: 'eu-west-1',
        credentials: { accessKeyId: KEY, secretAccessKey: SECRET },
        baseUrl: server.url,
      });
      return {
        transport,
        take: onlyNew(server.requests, async ({ raw, body: { Content: _content, Destination, ...own } }) => {
          const arrived = await arrivedMime(raw, Destination.ToAddresses);
          return { ...arrived, own, wire: arrived.wire + JSON.stringify(own) };
        }),
        close: async () => {
          await transport.close();
          server.close();
        },
      };
    },
  },
  smtpStage({
    name: 'ses over SMTP',
    provider: 'ses',
    ours: true,
    givesId: true,
    server: { auth: AUTH, accepted: (count) => `Ok 0102018f-${count}-000000` },
    headers: /^x-ses-/,
    transport: (options) => new SesSmtpTransport({ ...options, auth: AUTH }),
    own: (mail) => ({ 'x-ses-message-tags': textOf(tagsOf(mail)) }),
    extras: {
      'x-ses-configuration-set': 'set-of-ses',
      'x-ses-message-tags': expect.stringMatching(/, team=tag-of-ses$/),
    },
  }),
];

/** What does not fit into a message tag stands there in base64. */
function tagsOf({ id, tags, metadata }: OwnFields): [string, string][] {
  return [
    ['relay-id', id],
    ...tags.map((tag, index): [string, string] => [index === 0 ? 'tag' : `tag-${index + 1}`, fitting(tag)]),
    ...Object.entries(metadata).map(([name, value]): [string, string] => [name, fitting(value)]),
  ];
}

function fitting(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `b64_${Buffer.from(text).toString('base64url')}`;
}

function textOf(tags: readonly [string, string][]): string {
  return tags.map(([name, value]) => `${name}=${value}`).join(', ');
}
