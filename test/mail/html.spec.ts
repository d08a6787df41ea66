import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from '../../lib/mail/html.js';

describe('html``', () => {
  it('escapes what is interpolated, but not another html``', () => {
    const rows = ['<b>', 'x'].map((cell) => html`<td>${cell}</td>`);
    const row = html`<tr title="${'"quoted"'}">${rows}${undefined}${null}${false}${0}</tr>`;
    expect(String(row)).toBe('<tr title="&quot;quoted&quot;"><td>&lt;b&gt;</td><td>x</td>0</tr>');
  });

  it('lets no markup of a stranger through', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(String(html`${text}`)).not.toMatch(/[<>"']/);
      }),
    );
  });
});
