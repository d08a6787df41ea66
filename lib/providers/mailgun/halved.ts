import { MailError } from '../../errors/mail.error.js';

/**
 * Makes one call for all items, or, where it is refused for the sake of one recipient without saying which, one for each half, until
 * whoever is to blame stands alone. Nobody gets a mail twice, since such a call has sent nothing.
 *
 * @param call throws a MailError
 */
export async function halved<T, R>(
  items: readonly T[],
  call: (items: readonly T[]) => Promise<R>,
): Promise<Map<T, R | MailError>> {
  let result: R | MailError;
  try {
    result = await call(items);
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    if (error.scope === 'recipient' && items.length > 1) {
      const middle = Math.ceil(items.length / 2);
      const first = await halved(items.slice(0, middle), call);
      return new Map([...first, ...(await halved(items.slice(middle), call))]);
    }
    result = error;
  }
  return new Map(items.map((item) => [item, result]));
}
