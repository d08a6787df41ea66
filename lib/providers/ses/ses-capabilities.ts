/** https://docs.aws.amazon.com/ses/latest/dg/quotas.html */
export const SES_CAPABILITIES = {
  recipients: 50,
  /** Of the encoded message. */
  bytes: 40 * 1024 * 1024,
} as const;
