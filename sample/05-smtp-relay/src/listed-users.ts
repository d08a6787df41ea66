import { SubmissionAuthenticator, type SubmissionCredentials, type SubmissionUser } from 'nestjs-mail-relay/submission';
import { verifyPassword } from './passwords.js';
import type { ListedUser } from './settings.js';

/** The users that the environment names. */
export class ListedUsers extends SubmissionAuthenticator {
  readonly #users: ReadonlyMap<string, ListedUser>;

  constructor(users: readonly ListedUser[]) {
    super();
    this.#users = new Map(users.map((user) => [user.name, user]));
  }

  async authenticate({ username, password }: SubmissionCredentials): Promise<SubmissionUser | null> {
    const user = this.#users.get(username);
    // Of an unknown user a password is checked as well: it must not be seen who is one.
    const right = password !== undefined && (await verifyPassword(password, user?.hash ?? NOBODY));
    if (!user || !right) return null;
    return { id: user.name, ...(user.domains.length > 0 && { senders: user.domains }) };
  }
}

const NOBODY = `scrypt$${'A'.repeat(22)}$${'A'.repeat(43)}`;
