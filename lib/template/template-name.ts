import { MailTemplateError } from '../errors/mail-template.error.js';

/**
 * Refuses a name that could lead out of the templates' folder. Names use `/` on every system.
 *
 * @throws MailTemplateError
 */
export function checkTemplateName(name: string, what = 'template'): void {
  if (typeof name !== 'string' || name === '') {
    throw new MailTemplateError(String(name), `the name of a ${what} is a string and not empty`);
  }
  const leaves =
    /[\0\\]|^[A-Za-z]:/.test(name) || name.split('/').some((part) => part === '' || part === '.' || part === '..');
  if (leaves) {
    throw new MailTemplateError(
      printable(name),
      `the name of a ${what} cannot leave the folder of templates: it has no "..", no "\\" and no leading "/"`,
    );
  }
}

/** A name from outside, fit for one line of an error. */
export function printable(name: string): string {
  const quoted = JSON.stringify(name).slice(1, -1);
  return quoted.length > 100 ? `${quoted.slice(0, 100)}...` : quoted;
}
