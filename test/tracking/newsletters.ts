/** Mails as they are written for the clients there are: tables, conditional comments, VML, styles, and what people forget. */
export const NEWSLETTERS: readonly { name: string; html: string }[] = [
  {
    name: 'a newsletter in tables',
    html: `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\r
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">\r
<head>\r
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />\r
  <title>Summer &mdash; <a href="https://acme.test/title">is here</a></title>\r
  <link href="https://fonts.acme.test/css?family=Inter&amp;display=swap" rel="stylesheet" type="text/css" />\r
  <!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml><![endif]-->\r
  <style type="text/css">a[href^="https://acme.test"] { color: red } /* <a href="https://acme.test/css"> */</style>\r
</head>\r
<body style="margin:0;padding:0" bgcolor="#ffffff">\r
<div style="display:none">Preheader &zwnj;&nbsp;&#847;</div>\r
<table width="100%" cellpadding=0 cellspacing=0 border=0><tr><td align=center>\r
  <a href="https://www.acme.test/?utm_source=newsletter&amp;utm_medium=email"><img src="https://acme.test/logo.png" alt="Acme" width=120></a>\r
  <a class='button' HREF = 'https://www.acme.test/sale?a=1&amp;b=2&copy=3' target=_blank>Sale</A>\r
  <a href=https://www.acme.test/unquoted?x=1&y=2>unquoted</a>\r
  <a href="mailto:help@acme.test?subject=Help">Write</a> <a href="tel:+4930123456">Call</a> <a href="#top">Top</a>\r
  <a href="/relative">relative</a> <a href="//acme.test/protocol">no scheme</a> <a href="javascript:void(0)">js</a> <a href="data:text/html,hi">data</a>\r
  <a href="">empty</a> <a href>none</a> <a name="top">anchor</a> <a href="cid:part1">cid</a>\r
  <a href="https://www.acme.test/kept" data-track="off">left alone</a>\r
  <map name="m"><area shape="rect" coords="0,0,10,10" href="https://www.acme.test/map" alt="Map"></map>\r
  <!--[if mso]>\r
  <v:roundrect xmlns:v="urn:schemas-microsoft-com:vml" xmlns:w="urn:schemas-microsoft-com:office:word" href="https://www.acme.test/button?a=1&amp;b=2" style="height:40px;v-text-anchor:middle;width:200px;" arcsize="10%" stroke="f" fillcolor="#d62828">\r
    <w:anchorlock/><center>Buy</center>\r
  </v:roundrect>\r
  <![endif]--><!--[if !mso]><!--><a href="https://www.acme.test/button?a=1&amp;b=2">Buy</a><!--<![endif]-->\r
  <![if !mso]><a href="https://www.acme.test/revealed">revealed</a><![endif]>\r
  <!-- <a href="https://acme.test/comment">a comment</a> -->\r
</td></tr></table>\r
<p><a rel="unsubscribe nofollow" href="https://acme.test/leave/1">Leave</a> <a href="https://acme.test/unsubscribe?u=1">Unsubscribe</a></p>\r
</body>\r
</html>\r
`,
  },
  { name: 'words and a link, no document', html: '<p>Hello,</p><p>see <a href="https://acme.test/a">this</a>.</p>' },
  { name: 'nothing but a text', html: 'Hello & welcome < there' },
  {
    name: 'emoji and other scripts',
    html: '<body><p>👋🏽 日本語 <a title="🎉" href="https://acme.test/日本?q=ü&amp;r=😀">リンク</a></p></body>',
  },
  { name: 'stray ends of lines', html: '<body>\r<a\r\nhref\n=\r"https://acme.test/\n a"\r>x</a>\r\r\n\n</body>\r' },
  {
    name: 'two bodies, as an answer with the mail below has',
    html: '<body>answer</body><blockquote><html><body><a href="https://acme.test/b">b</a></body></html></blockquote>',
  },
  {
    name: 'pictures in the text',
    html: '<body><svg viewBox="0 0 1 1"><title/><style/><a href="https://acme.test/svg"><path d="M0 0"/></a></svg><a href="https://acme.test/after">x</a></body>',
  },
  {
    name: 'text that looks like markup',
    html: '<body><textarea><a href="https://acme.test/area"></textarea><script>"<a href=\'https://acme.test/script\'>"</script><xmp><a href="https://acme.test/xmp"></xmp></body>',
  },
  {
    name: 'attributes twice',
    html: '<a href="https://acme.test/1" href="https://acme.test/2" HREF=https://acme.test/3>x</a>',
  },
  {
    name: 'links in links, and never closed',
    html: '<a href="https://acme.test/1"><a href="https://acme.test/2"><table><a href=https://acme.test/3>',
  },
];
