import Handlebars from 'handlebars';

/** Puts the preview text of a mail at the start of its body, where clients read it and no reader sees it. */
export function withPreheader(html: string, preheader: string): string {
  const hidden = `<div data-preheader style="${HIDDEN}">${Handlebars.escapeExpression(preheader)}</div>`;
  const body = BODY.exec(html);
  const at = body ? body.index + body[0].length : 0;
  return html.slice(0, at) + hidden + html.slice(at);
}

/** Clients differ in which of these they obey; `mso-hide` is for Outlook on Windows. */
const HIDDEN =
  'display:none;mso-hide:all;overflow:hidden;opacity:0;max-height:0;max-width:0;font-size:1px;line-height:1px';

/** The body's start tag; a quoted attribute may hold a ">". */
const BODY = /<body\b(?:[^>"']|"[^"]{0,10000}"|'[^']{0,10000}'){0,10000}>/i;
