/** What is shown of a mail in a list, from its first rendering. */
export interface MailHead {
  subject: string;
  /** With the name: `Acme <hello@acme.test>`. */
  from: string;
  attachments?: number;
  /** Bytes of the finished message, where it was made. */
  size?: number;
}
