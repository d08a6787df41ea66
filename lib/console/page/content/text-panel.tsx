import { Empty } from '../parts/notes.js';

export function TextPanel({ text }: { text: string | undefined }) {
  if (text === undefined || text === '') {
    return (
      <Empty icon="preview" title="No text part">
        Those whose reader shows no HTML see nothing.
      </Empty>
    );
  }
  return <pre class="paper">{text}</pre>;
}
