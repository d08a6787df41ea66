import { useEffect, useRef, useState } from 'preact/hooks';
import { useLive } from '../client/live.js';
import { get } from '../client/request.js';
import type { PreviewList, PreviewView } from '../client/types.js';
import { useResource } from '../client/use-resource.js';
import { contentPanel, contentTabs, firstTab } from '../content/content-panel.js';
import { Icon } from '../parts/icon.js';
import { Empty, ErrorNote, Skeleton } from '../parts/notes.js';
import { SelectField } from '../parts/select-field.js';
import { Tabs } from '../parts/tabs.js';
import { hasMoved, href, refine, route } from '../shell/route.js';
import { useKeys } from '../shell/shortcuts.js';
import { TemplateError } from './template-error.js';

/** The samples that mail classes give of themselves, rendered again whenever a template is saved. */
export function PreviewsPage() {
  const list = useResource('previews', (signal) => get<PreviewList>('previews', {}, signal));
  useLive('preview', list.reload);
  const open = route.value.path[1];
  return (
    <div class={open ? 'split split-open' : 'split'}>
      <h1 class="sr-only">Previews</h1>
      <section class="split-list" aria-label="Previews">
        <div class="list-head">
          <span class="list-title" aria-hidden="true">
            Previews
          </span>
        </div>
        {list.problem && <ErrorNote problem={list.problem} retry={list.reload} />}
        {list.data ? <PreviewNames list={list.data} open={open} /> : !list.problem && <Skeleton />}
      </section>
      <section class="split-detail" aria-label="Preview">
        {open ? (
          <Preview key={open} id={open} list={list.data} />
        ) : (
          <Empty icon="preview" title="No preview chosen">
            Choose one to see the mail with its sample data. It is rendered again when you save its template.
          </Empty>
        )}
      </section>
    </div>
  );
}

function PreviewNames({ list, open }: { list: PreviewList; open: string | undefined }) {
  const box = useRef<HTMLDivElement>(null);
  const step = (by: number) => (event: KeyboardEvent) => {
    const links = [...(box.current?.querySelectorAll('a') ?? [])];
    const at = links.findIndex((link) => link === document.activeElement || link.ariaCurrent === 'true');
    const focused = links.indexOf(document.activeElement as HTMLAnchorElement);
    if (event.key.startsWith('Arrow') && focused < 0) return;
    event.preventDefault();
    links[Math.max(0, Math.min(links.length - 1, (focused < 0 ? at : focused) + by))]?.focus();
  };
  useKeys({ j: step(1), k: step(-1), ArrowDown: step(1), ArrowUp: step(-1) });
  if (list.mails.length === 0) {
    return (
      <Empty icon="preview" title="No previews yet">
        Give a mail class a static method with <code>@MailPreview('long name')</code> that returns a sample of it.
      </Empty>
    );
  }
  return (
    <div class="preview-names" ref={box}>
      {list.mails.map(({ mail, previews }) => (
        <section key={mail}>
          <h2>{mail}</h2>
          <ul role="list">
            {previews.map(({ id, name, locales }) => (
              <li key={id}>
                <a href={href(['previews', id])} aria-current={id === open ? 'true' : undefined}>
                  <span class="grow">{name}</span>
                  {locales.length > 0 && <span class="muted">{locales.join(' ')}</span>}
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Preview({ id, list }: { id: string; list: PreviewList | undefined }) {
  const { query } = route.value;
  const known = list?.mails
    .flatMap(({ mail, previews }) => previews.map((preview) => ({ ...preview, mail })))
    .find((one) => one.id === id);
  const locale = query['locale'] ?? '';
  const path = `previews/${encodeURIComponent(id)}`;
  const view = useResource(`${path} ${locale}`, (signal) => get<PreviewView>(path, { locale }, signal));
  const [version, setVersion] = useState(0);
  useLive('preview', () => {
    view.reload();
    setVersion((was) => was + 1);
  });
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (hasMoved()) title.current?.focus({ preventScroll: true });
  }, []);
  const content = view.data;
  const tabs = contentTabs(content, false);
  const chosen = tabs.find(({ key }) => key === query['tab'])?.key ?? firstTab(content);
  return (
    <article class="pane" aria-labelledby="preview-title">
      <div class="pane-head">
        <a class="back" href={href(['previews'])}>
          <Icon name="back" /> All previews
        </a>
        <h2 id="preview-title" ref={title} tabIndex={-1}>
          {known ? `${known.mail}: ${known.name}` : 'Preview'}
        </h2>
        {known && known.locales.length > 0 && (
          <SelectField
            label="Locale"
            value={locale}
            options={[['', 'default'], ...known.locales]}
            choose={(chosenLocale) => refine({ locale: chosenLocale })}
          />
        )}
      </div>
      {view.problem && <ErrorNote problem={view.problem} retry={view.reload} />}
      {content?.error && <TemplateError error={content.error} />}
      {content && !content.error && (
        <>
          <dl class="facts facts-box">
            <div>
              <dt>Subject</dt>
              <dd>{content.subject || <em>no subject</em>}</dd>
            </div>
            <div>
              <dt>From</dt>
              <dd>{content.from}</dd>
            </div>
          </dl>
          <Tabs label="Parts of the mail" tabs={tabs} chosen={chosen} choose={(tab) => refine({ tab })}>
            {contentPanel(chosen, { content, path, query: { locale }, version })}
          </Tabs>
        </>
      )}
      {!content && !view.problem && <Skeleton rows={5} tall />}
    </article>
  );
}
