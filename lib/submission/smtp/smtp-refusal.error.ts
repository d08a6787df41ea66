/** A command or message that is refused: the client is answered with this code and text. */
export class SmtpRefusalError extends Error {
  /** RFC 5321 section 4.2. */
  readonly responseCode: number;
  /** The connection is closed after the answer. */
  readonly closes: boolean;

  /**
   * @param enhancedCode RFC 3463
   * @param text for whoever reads the client's log: what was wrong, and how to mend it
   */
  constructor(responseCode: number, enhancedCode: string, text: string, options: { closes?: boolean } = {}) {
    super(`${enhancedCode} ${line(text)}`);
    this.name = new.target.name;
    this.responseCode = responseCode;
    this.closes = options.closes ?? false;
  }
}

/** A reply is a line of ASCII, of 512 bytes at most (RFC 5321 section 4.5.3.1.5). */
function line(text: string): string {
  return text.replaceAll(/[^ -~]+/g, '?').slice(0, 450);
}
