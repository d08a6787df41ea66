import { createDkimSigner } from '../../dkim/dkim-signer.js';
import { MailError } from '../../errors/mail.error.js';
import type { SmtpTransportOptions } from './smtp-transport-options.interface.js';

/** The message with its signatures. @throws MailError permanent, scope `message`: what cannot be signed is not sent */
export type SignMessage = (raw: Uint8Array) => Promise<Uint8Array>;

/** Undefined when nothing is to be signed. @param path names the options in errors @throws RelayConfigurationError for a broken DKIM key */
export function messageSigner(
  { dkim = [], sign }: Pick<SmtpTransportOptions, 'dkim' | 'sign'>,
  path = 'smtp',
): SignMessage | undefined {
  const several = Array.isArray(dkim) && dkim.length > 1;
  const signers = [dkim]
    .flat()
    .map((options, i) => createDkimSigner(options, several ? `${path}.dkim[${i}]` : `${path}.dkim`));
  const steps = signers.map(
    (signer): NonNullable<SmtpTransportOptions['sign']> =>
      (raw) =>
        signer.sign(raw),
  );
  if (sign) steps.push(sign);
  if (steps.length === 0) return undefined;
  return async (raw) => {
    let signed = raw;
    for (const step of steps) signed = await attempted(step, signed);
    return signed;
  };
}

async function attempted(step: NonNullable<SmtpTransportOptions['sign']>, raw: Uint8Array): Promise<Uint8Array> {
  let signed: unknown;
  try {
    signed = await step(raw);
  } catch (error) {
    if (error instanceof MailError && error.permanent) throw error;
    throw unsigned(error instanceof Error ? error.message : 'the signer failed', error);
  }
  if (signed instanceof Uint8Array && signed.length > 0) return signed;
  throw unsigned('the signer returned no message');
}

function unsigned(why: string, cause?: unknown): MailError {
  return new MailError(`The message could not be signed, and was not sent: ${why}`, {
    scope: 'message',
    permanent: true,
    code: 'EDKIM',
    reason: 'unsigned',
    ...(cause !== undefined && { cause }),
  });
}
