export type BounceKind = 'bounce' | 'delay' | 'delivered' | 'complaint' | 'auto-reply' | 'none';

export type RecipientAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';

export interface BouncedRecipient {
  address: string;
  /** The address that the application wrote to, where the report shows another one that it leads to. */
  originalAddress?: string;
  action: RecipientAction;
  status?: string;
  replyCode?: number;
  reason: string;
  diagnostic?: string;
  permanent: boolean;
  suppress: boolean;
}

export interface BounceReport {
  kind: BounceKind;
  feedbackType?: string;
  originalMessageId?: string;
  /** The addresses that the report itself was delivered to. */
  deliveredTo?: readonly string[];
  recipients: BouncedRecipient[];
}
