/** Whether it is a domain in ASCII that can sign (RFC 6376 section 3.5, `d=`). */
export function isDkimDomain(text: string): boolean {
  return DOMAIN.test(text);
}

/** RFC 6376 section 3.1. */
export function isDkimSelector(text: string): boolean {
  return SELECTOR.test(text);
}

const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SELECTOR =
  /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*$/;
