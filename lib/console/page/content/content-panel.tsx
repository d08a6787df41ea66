import type { ComponentChildren } from 'preact';
import type { Query } from '../client/request.js';
import type { MailContentView } from '../client/types.js';
import type { Tab } from '../parts/tabs.js';
import { AttachmentsPanel } from './attachments-panel.js';
import { HeadersPanel } from './headers-panel.js';
import { HtmlPanel } from './html-panel.js';
import { LinksPanel } from './links-panel.js';
import { SourcePanel } from './source-panel.js';
import { TextPanel } from './text-panel.js';
import { WarningsPanel } from './warnings-panel.js';

export interface ContentPlace {
  content: MailContentView;
  /** Where the server has it: `mails/abc`. */
  path: string;
  query: Query;
  /** A preview has no source yet. */
  source?: boolean;
  /** Changes when the frame must be loaded again. */
  version?: number;
}

export function contentTabs(content: MailContentView | undefined, source = true): Tab[] {
  return [
    { key: 'html', label: 'HTML' },
    { key: 'text', label: 'Text' },
    { key: 'headers', label: 'Headers' },
    ...(source ? [{ key: 'source', label: 'Source' }] : []),
    { key: 'attachments', label: 'Attachments', count: content?.attachments.length },
    { key: 'links', label: 'Links', count: content?.links.length },
    { key: 'warnings', label: 'Warnings', count: content?.warnings.length },
  ];
}

/** What is looked at first: of a mail in plain text there is no HTML to show. */
export function firstTab(content: MailContentView | undefined): string {
  return content && content.html === undefined && content.text !== undefined ? 'text' : 'html';
}

export function contentPanel(tab: string, place: ContentPlace): ComponentChildren {
  const { content, path, query } = place;
  switch (tab) {
    case 'text':
      return <TextPanel text={content.text} />;
    case 'headers':
      return <HeadersPanel headers={content.headers} />;
    case 'source':
      return <SourcePanel path={path} />;
    case 'attachments':
      return <AttachmentsPanel attachments={content.attachments} path={place.source ? path : undefined} />;
    case 'links':
      return <LinksPanel links={content.links} />;
    case 'warnings':
      return <WarningsPanel warnings={content.warnings} />;
    default:
      return (
        <HtmlPanel
          has={content.html !== undefined}
          title={content.subject}
          path={path}
          query={query}
          version={place.version ?? 0}
        />
      );
  }
}
