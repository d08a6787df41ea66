/** Something about a mail that its readers may not see as it was meant. */
export interface MailWarning {
  /** One word for programs: `no-text`. */
  readonly code: string;
  readonly severity: 'info' | 'warn' | 'error';
  readonly message: string;
  /** Where more is said of it. */
  readonly help?: string;
}
