import { apiUrl } from '../client/request.js';
import type { MailContentView } from '../client/types.js';
import { bytes } from '../parts/format.js';
import { Icon } from '../parts/icon.js';
import { Empty } from '../parts/notes.js';

export function AttachmentsPanel({
  attachments,
  path,
}: {
  attachments: MailContentView['attachments'];
  /** Where they can be had; a preview's cannot. */
  path: string | undefined;
}) {
  if (attachments.length === 0) return <Empty icon="attachment" title="No attachments" />;
  return (
    <ul class="cards" role="list">
      {attachments.map(({ index, filename, contentType, size, cid }) => (
        <li key={index} class="card attachment">
          <Icon name="attachment" />
          <div class="grow">
            <div class="break">{filename ?? `part ${index + 1}`}</div>
            <div class="muted">
              {contentType}, {bytes(size)}
              {cid !== undefined && `, shown in the mail as cid:${cid}`}
            </div>
          </div>
          {path !== undefined && (
            <a
              class="button small"
              href={apiUrl(`${path}/attachments/${index}`)}
              download
              aria-label={`Download ${filename ?? `part ${index + 1}`}`}
            >
              <Icon name="download" /> Download
            </a>
          )}
        </li>
      ))}
    </ul>
  );
}
