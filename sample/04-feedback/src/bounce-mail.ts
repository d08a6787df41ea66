/** What a mail server writes to the return path when nobody is there (RFC 3464). */
export function bounceMail(returnPath: string, address: string): string {
  return `Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.test>
To: <${returnPath}>
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

<${address}>: host mx.example.test said: 550 5.1.1 no such user (in reply to RCPT TO command)

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.test

Final-Recipient: rfc822; ${address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--part--
`;
}
