import { signal } from '@preact/signals';
import { asProblem, type ApiProblem } from './problem.js';
import { context, get } from './request.js';
import { route } from '../shell/route.js';
import type { Session } from './types.js';

export const session = signal<Session | undefined>(undefined);
export const sessionProblem = signal<ApiProblem | undefined>(undefined);

/** Whom we talk to, and what may be done. */
export async function openSession(): Promise<void> {
  sessionProblem.value = undefined;
  context.relay = route.peek().query['relay'];
  context.renew = async () => take(await get<Session>('session'));
  try {
    await context.renew();
  } catch (error) {
    sessionProblem.value = asProblem(error);
  }
}

/** Things can be changed here. */
export function writable(): boolean {
  return session.value?.readonly === false;
}

function take(opened: Session): void {
  context.csrf = opened.csrf;
  session.value = opened;
}
