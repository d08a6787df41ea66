import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { readSesTags, sesTags } from '../../lib/providers/ses/ses-tags.js';

const text = fc.string({ unit: 'binary', maxLength: 40 }).map((value) => value.toWellFormed());
const name = fc.oneof(
  text,
  fc.constantFrom('tag', 'tag-2', 'relay-id', 'b64_', '__proto__', 'plan', 'ses:from-domain'),
);

it('come back from an event as they were, and are always such as SES takes', () => {
  fc.assert(
    fc.property(text, fc.uniqueArray(text, { maxLength: 5 }), fc.dictionary(name, text), (id, tags, metadata) => {
      const written = sesTags({ id, tags, metadata });
      for (const [tag, value] of written) expect(`${tag} ${value}`).toMatch(/^[\w-]{1,256} [\w-]{1,256}$/);
      const event = Object.fromEntries([...written].map(([tag, value]) => [tag, [value]]));
      expect(readSesTags({ ...event, 'ses:configuration-set': ['news'] })).toEqual({ id, tags, metadata });
    }),
  );
});

it('of mails that were not sent by the relay are metadata', () => {
  expect(readSesTags({ campaign: ['spring'], 'ses:operation': ['SendEmail'] })).toEqual({
    tags: [],
    metadata: { campaign: 'spring' },
  });
});
