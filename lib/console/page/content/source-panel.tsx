import { asProblem, problemOf } from '../client/problem.js';
import { apiUrl } from '../client/request.js';
import { useResource } from '../client/use-resource.js';
import { bytes } from '../parts/format.js';
import { Icon } from '../parts/icon.js';
import { ErrorNote, Note, Skeleton } from '../parts/notes.js';

/** More than this is for an editor, not for a page. */
const MOST = 256 * 1024;

/** The message as it goes over the wire. */
export function SourcePanel({ path }: { path: string }) {
  const source = useResource(`source ${path}`, (signal) => readStart(apiUrl(`${path}/source`), signal));
  if (source.problem) return <ErrorNote problem={source.problem} retry={source.reload} />;
  if (!source.data) return <Skeleton rows={8} />;
  return (
    <>
      <p>
        <a class="button small" href={apiUrl(`${path}/source`, { download: 1 })} download>
          <Icon name="download" /> Download as .eml
        </a>
      </p>
      {source.data.cut && <Note>These are the first {bytes(MOST)}. Download it to see the rest.</Note>}
      <pre class="paper paper-source">{source.data.text}</pre>
    </>
  );
}

async function readStart(url: string, signal: AbortSignal): Promise<{ text: string; cut: boolean }> {
  const response = await fetch(url, { signal, credentials: 'same-origin', cache: 'no-store' }).catch(
    (error: unknown) => {
      throw signal.aborted ? error : asProblem(error);
    },
  );
  if (!response.ok) throw await problemOf(response);
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return { text, cut: false };
    text += decoder.decode(value, { stream: true });
    if (text.length < MOST) continue;
    await reader.cancel();
    return { text: text.slice(0, MOST), cut: true };
  }
}
