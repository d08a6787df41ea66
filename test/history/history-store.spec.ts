import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MailHistory } from '../../lib/history/mail-history.js';
import { termsOf } from '../../lib/history/history-terms.js';
import type { MailAbout, RecipientState } from '../../lib/delivery/outcome-store.interface.js';
import { BACKENDS, type OpenBackend } from '../support/backends.js';

describe.each(BACKENDS)('the history on $name', ({ open }) => {
  let backend: OpenBackend;
  beforeAll(async () => void (backend = await open()));
  afterAll(() => backend?.close());

  async function note(
    to: string,
    { subject = 'Hello', state = 'sent', id = randomUUID() as string, tags = [] as string[] } = {},
  ): Promise<string> {
    const about: MailAbout = { acceptedAt: 1, to: [to], stream: 'transactional', tags };
    const head = { subject, from: 'a@acme.test' };
    const recipients = [{ address: to, state: state as RecipientState, at: 2 }];
    const place = await backend.queue.store.save(id, { messageId: `<${id}@acme.test>`, about, head, recipients });
    const states = state === 'sent' ? [] : [state as 'bounced'];
    const terms = termsOf(about, head, 'acme', true);
    await backend.queue.history.note([{ id, ...(place !== undefined && { place }), terms, states }]);
    return id;
  }

  const pages = (): MailHistory => new MailHistory(backend.queue.history, backend.queue.store);
  async function ids(query: Partial<Parameters<MailHistory['page']>[0]> = {}): Promise<string[]> {
    const { mails } = await pages().page({ search: {}, limit: 100, ...query });
    return mails.map(({ id }) => id);
  }

  it('lists newest first, and goes on where it was, whatever comes meanwhile', async () => {
    const all: string[] = [];
    for (let number = 0; number < 5; number++) all.unshift(await note(`page${number}@page.test`));
    const first = await pages().page({ search: { domain: 'page.test' }, limit: 2 });
    expect(first.mails.map(({ id }) => id)).toEqual(all.slice(0, 2));
    await note('later@page.test');
    const second = await pages().page({ search: { domain: 'page.test' }, limit: 10, before: first.next! });
    expect(second.mails.map(({ id }) => id)).toEqual(all.slice(2));
    expect(second.next).toBeUndefined();
  });

  it('lists newest first those that are noted together', async () => {
    const all = Array.from({ length: 20 }, () => randomUUID() as string);
    const notes: { id: string; place?: number; terms: string[]; states: [] }[] = [];
    for (const id of all) {
      const about: MailAbout = { acceptedAt: 1, to: ['one@together.test'], stream: 'transactional' };
      const head = { subject: 'Hello', from: 'a@acme.test' };
      const recipients = [{ address: 'one@together.test', state: 'sent' as const, at: 2 }];
      const place = await backend.queue.store.save(id, { messageId: `<${id}@acme.test>`, about, head, recipients });
      notes.push({ id, ...(place !== undefined && { place }), terms: termsOf(about, head, 'acme', true), states: [] });
    }
    await backend.queue.history.note(notes);
    await backend.queue.history.note(notes.toReversed());
    expect(await ids({ search: { domain: 'together.test' } })).toEqual(all.toReversed());
  });

  it('has a mail once, where it first was, however often something comes of it', async () => {
    const id = await note('twice@once.test', { state: 'deferred' });
    const later = await note('other@once.test');
    await note('twice@once.test', { id });
    expect(await ids({ search: { domain: 'once.test' } })).toEqual([later, id]);
    expect(await ids({ state: 'deferred' })).not.toContain(id);
  });

  it('has a mail once, whether or not whoever notes it knows its place', async () => {
    const id = await note('known@place.test');
    const later = await note('other@place.test');
    await backend.queue.history.note([{ id, terms: [], states: ['bounced'] }]);
    expect(await ids({ search: { domain: 'place.test' } })).toEqual([later, id]);
  });

  it('lists a mail that was never rendered', async () => {
    const id = randomUUID();
    const about: MailAbout = { acceptedAt: 1, to: ['none@head.test'], stream: 'transactional' };
    const recipients = [{ address: 'none@head.test', state: 'suppressed' as const, at: 2 }];
    const place = await backend.queue.store.save(id, { messageId: `<${id}@acme.test>`, about, recipients });
    expect(place).toBeUndefined();
    const terms = termsOf(about, undefined, undefined, true);
    await backend.queue.history.note([{ id, terms, states: ['suppressed'] }]);
    expect(await ids({ search: { recipient: 'none@head.test' } })).toEqual([id]);
  });

  it('lists what is noted, however many newer ones are not yet', async () => {
    const id = await note('noted@before.test');
    const about: MailAbout = { acceptedAt: 1, to: ['unnoted@before.test'], stream: 'transactional' };
    const saves = Array.from({ length: 2_100 }, () =>
      backend.queue.store.save(randomUUID(), {
        messageId: '<1@acme.test>',
        about,
        head: { subject: 'Hello', from: 'a@acme.test' },
      }),
    );
    await Promise.all(saves);
    expect((await pages().page({ search: {}, limit: 1 })).mails.map((mail) => mail.id)).toEqual([id]);
    expect(await ids({ search: { domain: 'before.test' } })).toEqual([id]);
  });

  it('finds by recipient, tag and how words of the subject begin', async () => {
    const id = await note('Straße@words.test', { subject: 'Ihre Rechnung für Äpfel, 42 Stück', tags: ['rechnung'] });
    await note('else@words.test', { subject: 'Something else' });
    for (const search of [
      { recipient: 'straße@words.test' },
      { tag: 'rechnung' },
      { words: ['rechnung'] },
      { words: ['rech'] },
      { words: ['äpfe', 'stück'] },
      { words: ['42'], domain: 'words.test' },
    ])
      expect(await ids({ search }), JSON.stringify(search)).toEqual([id]);
    expect(await ids({ search: { words: ['rechnungen'] } })).toEqual([]);
    expect(await ids({ search: { tag: 'rech' } })).toEqual([]);
  });

  it('takes and finds a mail with a tag that is as long as no index bears', async () => {
    const tag = Array.from({ length: 200 }, () => randomUUID()).join(' ');
    const id = await note('long@tag.test', { tags: [tag] });
    await note('other@tag.test', { tags: [`${tag} and more`] });
    expect(await ids({ search: { tag } })).toEqual([id]);
  });

  it('finds what somebody should look at, among however many others', async () => {
    const bounced = await note('bounced@state.test', { state: 'bounced' });
    for (let number = 0; number < 10; number++) await note(`fine${number}@state.test`);
    expect(await ids({ state: 'bounced', search: { domain: 'state.test' } })).toEqual([bounced]);
  });

  it('tells what has changed since', async () => {
    const { cursor } = await backend.queue.history.changes();
    const id = await note('change@x.test');
    const since = await backend.queue.history.changes(cursor);
    expect(since.ids).toEqual([id]);
    expect((await backend.queue.history.changes(since.cursor)).ids).toEqual([]);
    expect((await backend.queue.history.changes('nonsense')).ids).toEqual([]);
  });

  it('forgets all of it when it is told to', async () => {
    const size = await backend.queue.history.size();
    expect(size).toBeGreaterThan(10);
    expect(await backend.queue.history.clear()).toBe(size);
    expect(await ids()).toEqual([]);
    const id = await note('anew@x.test');
    expect(await ids()).toEqual([id]);
  });
});
