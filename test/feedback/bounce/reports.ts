/** A mail of header fields and a body. */
export function mail(headers: Record<string, string>, body: string): string {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [...fields, '', ...body.split('\n')].join('\r\n');
}

/** A mail of several parts, each with its type or its header fields. */
export function multipart(headers: Record<string, string>, type: string, parts: readonly [string, string][]): string {
  const body = parts.map(([partType, text]) => `--cut\nContent-Type: ${partType}\n\n${text}\n`).join('');
  return mail({ ...headers, 'MIME-Version': '1.0', 'Content-Type': `${type}; boundary="cut"` }, `${body}--cut--\n`);
}

export const FROM_SERVER = {
  'Return-Path': '<>',
  From: 'Mail Delivery System <MAILER-DAEMON@mx.acme.test>',
  To: 'bounces@acme.test',
  Subject: 'Undelivered Mail Returned to Sender',
};

export const ORIGINAL = `Return-Path: <news@acme.test>
Received: by mx.acme.test (Relay) id 4711; Mon, 2 Nov 2026 10:00:00 +0000
From: Acme <news@acme.test>
To: ada@x.test
Subject: Your order
Message-ID: <order-1@acme.test>

Hello Ada
`;

export interface StatusGroup {
  final: string;
  original?: string;
  action: string;
  status: string;
  diagnostic?: string;
}

/** A delivery status notification (RFC 3464) in the words of no server in particular. */
export function notification(text: string, groups: readonly StatusGroup[], original = ORIGINAL): string {
  const fields = groups.map(({ final, original: first, action, status, diagnostic }) =>
    [
      ...(first === undefined ? [] : [`Original-Recipient: rfc822; ${first}`]),
      `Final-Recipient: rfc822; ${final}`,
      `Action: ${action}`,
      `Status: ${status}`,
      ...(diagnostic === undefined ? [] : [`Diagnostic-Code: smtp; ${diagnostic}`]),
    ].join('\n'),
  );
  return multipart(FROM_SERVER, 'multipart/report; report-type=delivery-status', [
    ['text/plain', text],
    ['message/delivery-status', `Reporting-MTA: dns; mx.acme.test\n\n${fields.join('\n\n')}\n`],
    ['message/rfc822', original],
  ]);
}

/** A complaint (RFC 5965). */
export function complaint(fields: string, original = ORIGINAL): string {
  return multipart(
    { From: 'fbl@host.test', To: 'complaints@acme.test', Subject: 'FW: Your order' },
    'multipart/report; report-type=feedback-report',
    [
      ['text/plain', 'This is an email abuse report for a message received from 192.0.2.1'],
      ['message/feedback-report', `User-Agent: Host/1.0\nVersion: 1\n${fields}`],
      ['message/rfc822', original],
    ],
  );
}
