import { KINDS, PROVIDERS } from './demo-provider.js';

/** The page: every mail with its timeline, kept up to date by server-sent events, and buttons that play the providers. */
export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>nestjs-mail-relay: feedback</title>
    <style>
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2rem auto; padding: 0 1rem; color: #172b4d; }
      input, button, select { font: inherit; padding: .3rem .6rem; border: 1px solid #c1c7d0; border-radius: 6px; background: #fff; }
      button { cursor: pointer; }
      article { border: 1px solid #dfe1e6; border-radius: 8px; padding: 1rem; margin: 1rem 0; }
      .state { display: inline-block; padding: 0 .5rem; border-radius: 4px; background: #dfe1e6; }
      .sent, .delivered, .opened { background: #abf5d1; } .bounced, .complained, .failed { background: #ffbdad; } .suppressed { background: #fff0b3; }
      ol { list-style: none; padding: 0; } time { color: #6b778c; font-variant-numeric: tabular-nums; }
      aside { color: #44546f; }
    </style>
  </head>
  <body>
    <h1>What happened to my mail</h1>
    <form id="send"><label>To <input name="to" type="email" required value="ada@example.test"></label> <button>Send</button></form>
    <aside id="counts"></aside>
    <aside id="suppressed"></aside>
    <main id="mails" aria-live="polite"></main>
    <script>
      const PROVIDERS = ${JSON.stringify(PROVIDERS)};
      const KINDS = ${JSON.stringify(KINDS)};
      const element = (tag, properties, ...children) => {
        const made = Object.assign(document.createElement(tag), properties);
        made.append(...children);
        return made;
      };
      const post = (path, body) => fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) });
      document.getElementById('send').addEventListener('submit', (event) => {
        event.preventDefault();
        void post('/mails', { to: event.target.to.value });
      });
      const cards = new Map();
      const card = (id) => {
        if (!cards.has(id)) {
          const story = element('ol', {});
          const provider = element('select', { ariaLabel: 'Provider' }, ...PROVIDERS.map((name) => element('option', { textContent: name })));
          const buttons = KINDS.map((kind) => element('button', { textContent: kind, onclick: () => post('/mails/' + id + '/' + provider.value + '/' + kind) }));
          const bounce = element('button', { textContent: 'bounce by mail', onclick: () => post('/mails/' + id + '/bounce-mail') });
          const head = element('p', {});
          document.getElementById('mails').prepend(element('article', {}, head, story, element('p', {}, provider, ' ', ...buttons.flatMap((one) => [one, ' ']), bounce)));
          cards.set(id, { head, story });
        }
        return cards.get(id);
      };
      new EventSource('/events').addEventListener('mail', ({ data }) => {
        const { status, counts, suppressed } = JSON.parse(data);
        const { head, story } = card(status.id);
        head.replaceChildren(...status.recipients.flatMap(({ address, state }) => [address + ' ', element('span', { className: 'state ' + state, textContent: state }), ' ']));
        story.replaceChildren(...status.events.map(({ type, timestamp, provider, description, reason, userAgent }) =>
          element('li', {}, element('time', { textContent: new Date(timestamp).toLocaleTimeString() + ' ' }), element('span', { className: 'state ' + type, textContent: type }), ' by ' + provider + ' ' + [reason, description, userAgent].filter(Boolean).join(', '))));
        document.getElementById('counts').textContent = 'Today: ' + ['sent', 'delivered', 'opened', 'bounced', 'complained'].map((name) => name + ' ' + counts[name]).join(', ');
        document.getElementById('suppressed').replaceChildren('Suppressed: ', ...suppressed.flatMap(({ address, reason }) => [address + ' (' + reason + ') ', element('button', { textContent: 'let go', onclick: () => post('/suppressions/remove', { address }) }), ' ']));
      });
    </script>
  </body>
</html>`;
