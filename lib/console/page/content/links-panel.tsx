import { useState } from 'preact/hooks';
import { asProblem, type ApiProblem } from '../client/problem.js';
import { change } from '../client/request.js';
import { writable } from '../client/session.js';
import type { CheckedLink, ContentLink } from '../client/types.js';
import { say } from '../parts/announcer.js';
import { Badge } from '../parts/badge.js';
import { many } from '../parts/format.js';
import { Empty, ErrorNote } from '../parts/notes.js';

/** In one request: each may take the server some seconds. */
const MOST = 50;

/** Where the links of a mail lead. They are asked for by the server, and only when the reader says so. */
export function LinksPanel({ links }: { links: readonly ContentLink[] }) {
  const [checked, setChecked] = useState<ReadonlyMap<string, CheckedLink>>(new Map());
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem>();
  if (links.length === 0) return <Empty icon="domain" title="No links" />;
  const urls = [...new Set(links.filter(({ kind }) => kind === 'http').map(({ url }) => url))];
  const check = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const found = new Map<string, CheckedLink>();
      for (let start = 0; start < urls.length; start += MOST) {
        const answers = await change<CheckedLink[]>('POST', 'links', { urls: urls.slice(start, start + MOST) });
        for (const answer of answers) found.set(answer.url, answer);
      }
      setChecked(found);
      const broken = [...found.values()].filter(({ ok }) => !ok).length;
      say(broken === 0 ? 'All links work.' : `${many(broken, 'link does', 'links do')} not work.`);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return (
    <>
      {writable() && urls.length > 0 && (
        <p class="row">
          <button type="button" disabled={busy} onClick={() => void check()}>
            {busy ? 'Checking …' : `Check ${many(urls.length, 'link')}`}
          </button>
          <span class="muted">
            The server asks for each of them. A link that does something when it is followed may do it.
          </span>
        </p>
      )}
      {problem && <ErrorNote problem={problem} retry={() => void check()} />}
      <div class="table-box" tabIndex={0} role="region" aria-label="Links">
        <table>
          <thead>
            <tr>
              <th scope="col">Text</th>
              <th scope="col">Leads to</th>
              <th scope="col">Result</th>
            </tr>
          </thead>
          <tbody>
            {links.map(({ url, text, kind, warning }, index) => (
              <tr key={`${index} ${url}`}>
                <td class="break">{text || <em>no text</em>}</td>
                <td class="break">
                  {/* A link's own address is shown, not followed: it may be one that must be followed by the recipient only. */}
                  <code>{url}</code>
                  {warning !== undefined && <div class="warn-words">{warning}</div>}
                </td>
                <td>{kind === 'http' ? <Result answer={checked.get(url)} /> : <span class="muted">{kind}</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Result({ answer }: { answer: CheckedLink | undefined }) {
  if (!answer) return <span class="muted">not checked</span>;
  const words = [answer.status, answer.why].filter((word) => word !== undefined).join(' ');
  return (
    <>
      <Badge tone={answer.ok ? 'good' : 'bad'}>{answer.ok ? 'works' : 'broken'}</Badge>{' '}
      <span class="muted">{words}</span>
    </>
  );
}
