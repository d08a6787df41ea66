import { randomBytes } from 'node:crypto';

/** A file among the fields of a form. */
export interface FormFile {
  filename: string;
  contentType: string;
  content: Uint8Array;
}

/** A field may stand there more than once. */
export type FormField = readonly [name: string, value: string | FormFile];

/** Fields as `multipart/form-data`, RFC 7578, in pieces: a file is not copied. */
export function multipartBody(fields: readonly FormField[]): { contentType: string; body: (string | Uint8Array)[] } {
  const boundary = `form-${randomBytes(24).toString('hex')}`;
  const body: (string | Uint8Array)[] = [];
  for (const [name, value] of fields) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"`;
    if (typeof value === 'string') body.push(`${head}\r\n\r\n${value}\r\n`);
    else {
      const { filename, contentType, content } = value;
      body.push(`${head}; filename="${quoted(filename)}"\r\nContent-Type: ${contentType}\r\n\r\n`, content, '\r\n');
    }
  }
  body.push(`--${boundary}--\r\n`);
  return { contentType: `multipart/form-data; boundary=${boundary}`, body };
}

/** As browsers do it, names in UTF-8: section 4.2, and the HTML standard. */
function quoted(name: string): string {
  return name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}
