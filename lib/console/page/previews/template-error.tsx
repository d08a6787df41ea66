import type { TemplateProblem } from '../client/types.js';
import { CopyButton } from '../parts/copy-button.js';
import { Icon } from '../parts/icon.js';

/** What is wrong with a template, and where. It goes away when the file is saved without the mistake. */
export function TemplateError({ error }: { error: TemplateProblem }) {
  const place = [error.template, error.line, error.column].filter((part) => part !== undefined).join(':');
  return (
    <div class="note note-bad" role="alert">
      <Icon name="warning" />
      <div>
        <p>
          <strong>
            {error.template === undefined ? 'The sample cannot be rendered' : 'The template cannot be rendered'}
          </strong>
        </p>
        {place && (
          <p>
            <code>{place}</code> <CopyButton text={place} what="the place" />
          </p>
        )}
        <pre class="server-words">{error.message}</pre>
        {error.template !== undefined && <p class="muted">Mend it and save the file: the preview follows by itself.</p>}
      </div>
    </div>
  );
}
