/**
 * The Message-ID that a server put in the place of the message's own, where its answer is known to name it.
 *
 * @param response the answer to the message @param host of the server
 */
export function serverMessageId(response: string, host: string): string | undefined {
  // Microsoft 365: "250 2.0.0 OK <...@...prod.outlook.com> [Hostname=...]".
  const outlook = /^250 2\.0\.0 OK (<[^<>\s]{1,300}\.prod\.outlook\.com>)/i.exec(response)?.[1];
  if (outlook) return outlook;
  // "250 Ok 0102018f...": https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
  const ses = /^250 Ok ([0-9a-f]{1,40}(?:-[0-9a-f]{1,40}){1,9})$/i.exec(response)?.[1];
  const region = ses && /(?:^|\.)email-smtp(?:-fips)?\.([a-z]{2}(?:-[a-z]+){1,3}-\d)\./.exec(host)?.[1];
  if (!ses || !region) return undefined;
  return `<${ses.toLowerCase()}@${region === 'us-east-1' ? 'email' : region}.amazonses.com>`;
}
