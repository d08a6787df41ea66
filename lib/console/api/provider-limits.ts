/** Above which rates a provider looks at an account, or closes it. */
export interface ProviderLimits {
  /** 0 to 1. */
  readonly bounceRate?: number;
  readonly complaintRate?: number;
  readonly source: string;
}

/** By how a transport's class begins. */
const LIMITS: readonly (readonly [transport: RegExp, limits: ProviderLimits])[] = [
  [
    /^Ses/,
    {
      bounceRate: 0.05,
      complaintRate: 0.001,
      source: 'https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html',
    },
  ],
  [
    /^Postmark/,
    {
      bounceRate: 0.1,
      complaintRate: 0.001,
      source: 'https://postmarkapp.com/support/article/1082-what-types-of-messages-are-a-good-fit-for-postmark',
    },
  ],
  [/^GoogleWorkspace|^Smtp|^Direct/, { complaintRate: 0.003, source: 'https://support.google.com/a/answer/81126' }],
];

export function limitsOfProvider(transport: object | undefined): ProviderLimits | undefined {
  const name = transport?.constructor.name ?? '';
  return LIMITS.find(([pattern]) => pattern.test(name))?.[1];
}
