/** The page: a form, and every mail with its states, kept up to date by server-sent events. */
export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>nestjs-mail-relay: quickstart</title>
    <style>
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 860px; margin: 2rem auto; padding: 0 1rem; color: #172b4d; }
      form { display: flex; gap: .5rem; flex-wrap: wrap; }
      input, button { font: inherit; padding: .5rem .75rem; border: 1px solid #c1c7d0; border-radius: 6px; }
      button { background: #0b5; color: #fff; border: 0; cursor: pointer; }
      article { border: 1px solid #dfe1e6; border-radius: 8px; padding: 1rem; margin: 1rem 0; }
      .state { display: inline-block; padding: 0 .5rem; border-radius: 4px; background: #dfe1e6; }
      .sent { background: #abf5d1; } .deferred { background: #fff0b3; } .bounced, .failed { background: #ffbdad; }
      iframe { width: 100%; height: 320px; border: 1px solid #dfe1e6; border-radius: 6px; }
      pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f5f7; padding: .75rem; border-radius: 6px; }
    </style>
  </head>
  <body>
    <h1>Sign up</h1>
    <form method="post" action="/signup">
      <label>Name <input name="name" required value="Ada"></label>
      <label>Mail <input name="email" type="email" required value="ada@example.test"></label>
      <button>Sign up</button>
    </form>
    <h2>Mails</h2>
    <p>Sent over SMTP to a server on this machine; nothing leaves it.</p>
    <main id="mails" aria-live="polite"></main>
    <script>
      const cards = new Map();
      const element = (tag, properties, ...children) => {
        const made = Object.assign(document.createElement(tag), properties);
        made.append(...children);
        return made;
      };
      const card = (messageId) => {
        if (!cards.has(messageId)) {
          const states = element('div', {});
          const content = element('div', {});
          const article = element('article', {}, states, content);
          document.getElementById('mails').prepend(article);
          cards.set(messageId, { states, content });
        }
        return cards.get(messageId);
      };
      const fold = (title, open, ...children) => element('details', { open }, element('summary', { textContent: title }), ...children);
      const events = new EventSource('/events');
      events.addEventListener('state', ({ data }) => {
        const { id, messageId, recipients } = JSON.parse(data);
        card(messageId).states.replaceChildren(
          ...recipients.map(({ address, state, error }) => element('p', {}, address + ' ', element('span', { className: 'state ' + state, textContent: state }), error ? ' ' + error.message : '')),
        );
      });
      events.addEventListener('mail', ({ data }) => {
        const mail = JSON.parse(data);
        const frame = element('iframe', { title: mail.subject, srcdoc: mail.html });
        frame.setAttribute('sandbox', '');
        card(mail.messageId).content.replaceChildren(
          element('h3', { textContent: mail.subject }),
          element('p', { textContent: 'From ' + mail.from + ' to ' + mail.to }),
          fold('HTML', true, frame),
          fold('Text', false, element('pre', { textContent: mail.text })),
          fold('Source', false, element('pre', { textContent: mail.source })),
        );
      });
    </script>
  </body>
</html>`;
