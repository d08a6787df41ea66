import type { Verdict } from '../../events/mail-event.interface.js';
import { textIn } from './read-json.js';

/** The rest of a verdict: codes out of what the provider and the server said. */
export function verdict(
  reason: string,
  permanent: boolean,
  suppress: boolean,
  said: { description?: unknown; replyCode?: unknown; enhancedCode?: unknown },
): Verdict {
  const description = textIn(said.description);
  const replyCode = Number(said.replyCode ?? /(?:^|\s)([45]\d\d)[\s-]/.exec(description ?? '')?.[1]);
  const enhancedCode =
    textIn(said.enhancedCode) ?? /(?:^|[\s;])([245]\.\d{1,3}\.\d{1,3})(?=\s|$)/.exec(description ?? '')?.[1];
  return {
    reason,
    permanent,
    suppress,
    ...(replyCode >= 200 && replyCode < 600 && { replyCode }),
    ...(enhancedCode !== undefined && { enhancedCode }),
    ...(description !== undefined && { description }),
  };
}
