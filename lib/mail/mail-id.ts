/** A mail's id, which is a UUID, as its 16 bytes; several written one behind another, as theirs. */
export function packMailId(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

/** @param bytes those of {@link packMailId}; what stands behind them is not looked at */
export function unpackMailId(bytes: Buffer): string {
  return mailIdOfHex(bytes.toString('hex', 0, MAIL_ID_BYTES));
}

/** @param hex 32 digits */
export function mailIdOfHex(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const MAIL_ID_BYTES = 16;
