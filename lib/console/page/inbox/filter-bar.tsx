import { RECIPIENT_STATES, type MailRow } from '../client/types.js';
import { SearchField } from '../parts/search-field.js';
import { SelectField, WordField } from '../parts/select-field.js';
import { refine } from '../shell/route.js';
import { FILTERS, type MailFilter } from './mail-filter.js';

/** Words that were seen in mails, to choose from. */
const known = {
  stream: new Set<string>(['transactional', 'broadcast']),
  tag: new Set<string>(),
  transport: new Set<string>(),
};

export function FilterBar({ filter, rows }: { filter: MailFilter; rows: readonly MailRow[] }) {
  learn(rows);
  const active = FILTERS.filter((name) => filter[name]).length;
  return (
    <div class="filters">
      <SearchField
        label="Search mails"
        hint="Address, subject, Message-ID, tag:welcome"
        value={filter.search}
        search={(search) => refine({ search })}
      />
      <details class="filter-more" open={active > 0}>
        <summary>Filters{active > 0 && <span class="tab-count">{active}</span>}</summary>
        <div class="filter-fields">
          <SelectField
            label="State"
            value={filter.state}
            options={[['', 'any'], ...RECIPIENT_STATES]}
            choose={(state) => refine({ state })}
          />
          {(['stream', 'tag', 'transport'] as const).map((name) => (
            <WordField
              key={name}
              label={LABELS[name]}
              value={filter[name]}
              known={[...known[name]].sort()}
              choose={(word) => refine({ [name]: word })}
            />
          ))}
          {active > 0 && (
            <button
              type="button"
              class="small"
              onClick={() => refine({ state: '', stream: '', tag: '', transport: '' })}
            >
              Clear filters
            </button>
          )}
        </div>
      </details>
    </div>
  );
}

const LABELS = { stream: 'Stream', tag: 'Tag', transport: 'Transport' } as const;
const MOST_WORDS = 200;

function learn(rows: readonly MailRow[]): void {
  for (const row of rows.slice(0, 100)) {
    known.stream.add(row.stream);
    if (row.transport) known.transport.add(row.transport);
    for (const tag of row.tags) if (known.tag.size < MOST_WORDS) known.tag.add(tag);
  }
}
