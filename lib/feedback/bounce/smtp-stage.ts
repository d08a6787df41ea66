/** What a server was answering when it refused: the recipient, or the mail that it had seen already. */
export type SmtpStage = 'mail' | 'rcpt' | 'data';

/** As reporters write it down: a dialogue (`>>> RCPT To:`), or `in reply to RCPT TO command`; `undefined` where they do not. */
export function stageIn(words: string): SmtpStage | undefined {
  const refusal = [...words.matchAll(REFUSAL)].at(-1);
  const asked = refusal ? [...words.slice(0, refusal.index).matchAll(COMMAND)].at(-1)?.[1] : undefined;
  const named =
    asked ??
    MENTION.exec(words)
      ?.slice(1)
      .find((word) => word !== undefined);
  if (named === undefined) return undefined;
  const word = named.toLowerCase();
  if (word.includes('rcpt') || word === 'recipient' || word === 'address') return 'rcpt';
  return word.startsWith('mail') ? 'mail' : 'data';
}

/** Not what only follows from a refused recipient: `503 need RCPT command`. */
const REFUSAL = /<<< (?!503)[45]\d\d/g;
const COMMAND = />>> ?(rcpt|mail|data|\.|bdat)/gi;
const MENTION =
  /(?:in reply to|response to|reply to|after|during|for|like our|smtp:|\(|\[)[ \t\n]*(?:the )?(rcpt[ _]to|rcpt|end[ -]of[ -](?:data|message)|data\b|message body|mail[ _]from)|does not like (recipient)|server has rejected (address)/i;
