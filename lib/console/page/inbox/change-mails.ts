import { change } from '../client/request.js';
import type { BulkAnswer } from '../client/types.js';
import { say, sayProblem } from '../parts/announcer.js';
import { confirm } from '../parts/confirm.js';
import { many } from '../parts/format.js';

/** Sends mails again or cancels them, after asking, and tells what came of it. Whether something was done. */
export async function changeMails(what: 'retry' | 'cancel', ids: readonly string[]): Promise<boolean> {
  const mails = ids.length === 1 ? 'this mail' : many(ids.length, 'mail');
  const yes =
    what === 'retry'
      ? await confirm(
          `Send ${mails} again?`,
          'It goes to those recipients who did not get it. Those on the suppression list, such as after a bounce, must be taken off it first.',
          'Send again',
          false,
        )
      : await confirm(`Cancel ${mails}?`, 'Recipients who have not got it yet will never get it.', `Cancel ${mails}`);
  if (!yes) return false;
  try {
    const { done, failed } = await change<BulkAnswer>('POST', `mails/${what}`, { ids });
    const said =
      what === 'retry' ? `${many(done.length, 'mail')} will be sent again.` : `${many(done.length, 'mail')} cancelled.`;
    const first = failed[0];
    if (!first) say(said);
    else say(`${said} ${many(failed.length, 'mail')} could not be: ${first.why}`, true);
    return done.length > 0;
  } catch (error) {
    sayProblem(error);
    return false;
  }
}
