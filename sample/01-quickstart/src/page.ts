/** A form that causes a mail. What becomes of it is shown by the console. */
export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>nestjs-mail-relay: quickstart</title>
    <style>
      :root { color-scheme: light dark; }
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem; }
      form { display: grid; gap: 1rem; }
      label { display: grid; gap: .25rem; }
      input, button { font: inherit; padding: .5rem .75rem; }
    </style>
  </head>
  <body>
    <h1>Sign up</h1>
    <form method="post" action="/signup">
      <label>Name <input name="name" required value="Ada"></label>
      <label>Mail <input name="email" type="email" required value="ada@example.test"></label>
      <button>Sign up</button>
    </form>
    <p>The mail goes over SMTP to a server on this machine; nothing leaves it. <a href="/relay/">See all mails</a></p>
  </body>
</html>`;
