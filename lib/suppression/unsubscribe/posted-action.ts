/** What a POST asks for. */
export type PostedAction = 'unsubscribe' | 'subscribe';

/**
 * Reads the body of a mail program (`List-Unsubscribe=One-Click`, RFC 8058 section 3.2), or of the page's own form. `undefined` for any
 * other, which changes nothing.
 *
 * @param type the header Content-Type
 */
export function postedAction(body: string, type: string): PostedAction | undefined {
  const [media = '', ...parameters] = type.split(';');
  switch (media.trim().toLowerCase()) {
    case 'application/x-www-form-urlencoded':
      return actionOf(new URLSearchParams(body));
    case 'multipart/form-data':
      return actionOf(fieldsOf(body, boundaryIn(parameters)));
    default:
      return undefined;
  }
}

function actionOf(fields: { get(name: string): string | null | undefined }): PostedAction | undefined {
  if (fields.get('List-Unsubscribe') === 'One-Click') return 'unsubscribe';
  const action = fields.get('action');
  return action === 'unsubscribe' || action === 'subscribe' ? action : undefined;
}

function boundaryIn(parameters: readonly string[]): string {
  for (const parameter of parameters) {
    const [, quoted, bare] = /^\s*boundary=(?:"([^"]{1,70})"|([^\s"]{1,70}))\s*$/i.exec(parameter) ?? [];
    if (quoted ?? bare) return (quoted ?? bare)!;
  }
  return '';
}

/** RFC 7578, of a body that is short. */
function fieldsOf(body: string, boundary: string): Map<string, string> {
  const fields = new Map<string, string>();
  if (boundary === '') return fields;
  for (const part of body.split(`--${boundary}`).slice(1, MOST_PARTS)) {
    const end = part.search(/\r?\n\r?\n/);
    if (end < 0) continue;
    const name = /^content-disposition:\s*form-data;\s*name="([^"]{1,100})"/im.exec(part.slice(0, end))?.[1];
    if (name !== undefined) fields.set(name, part.slice(end).trim());
  }
  return fields;
}

const MOST_PARTS = 20;
