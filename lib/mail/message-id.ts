/** Made once for a mail, with its id in it: `<5c2a…@acme.test>` (RFC 5322 3.6.4). */
export function messageIdOf(mailId: string, fromAddress: string): string {
  return `<${mailId}@${fromAddress.slice(fromAddress.lastIndexOf('@') + 1)}>`;
}

/** The mail that a Message-ID of the relay's names, with or without its angle brackets; `undefined` for anybody else's. */
export function mailIdOf(messageId: string): string | undefined {
  return OURS.exec(messageId.trim())?.[1]?.toLowerCase();
}

const OURS = /^<?([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})@[^\s<>@]{1,255}>?$/i;
