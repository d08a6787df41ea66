import { useState } from 'preact/hooks';
import { apiUrl, get } from '../client/request.js';
import { writable } from '../client/session.js';
import type { SuppressionEntry } from '../client/types.js';
import { useResource } from '../client/use-resource.js';
import { Icon } from '../parts/icon.js';
import { Empty, ErrorNote, Skeleton } from '../parts/notes.js';
import { Pager, usePages } from '../parts/pager.js';
import { SearchField } from '../parts/search-field.js';
import { WordField } from '../parts/select-field.js';
import { refine, route } from '../shell/route.js';
import { AddForm } from './add-form.js';
import { ImportButton } from './import-button.js';
import { SuppressionTable } from './suppression-table.js';

const PAGE = 50;

/** Whom never to write to again. */
export function SuppressionsPage() {
  const { search = '', stream = '', tenant = '' } = route.value.query;
  const asked = { search, stream, tenant };
  const key = JSON.stringify(asked);
  const pages = usePages(key);
  const page = useResource(`suppressions ${key} ${pages.cursor ?? ''}`, (signal) =>
    get<{ entries: SuppressionEntry[]; cursor?: string }>(
      'suppressions',
      { ...asked, cursor: pages.cursor, limit: PAGE },
      signal,
    ),
  );
  const [adding, setAdding] = useState(false);
  const entries = page.data?.entries;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Suppressions</h1>
        <div class="actions">
          {writable() && (
            <>
              <button type="button" class="primary" aria-expanded={adding} onClick={() => setAdding(!adding)}>
                <Icon name="plus" /> Add
              </button>
              <ImportButton done={page.reload} />
            </>
          )}
          <a class="button" href={apiUrl('suppressions/export', { stream, tenant })} download>
            <Icon name="download" /> Export CSV
          </a>
        </div>
      </div>
      {adding && (
        <AddForm
          done={() => {
            setAdding(false);
            page.reload();
          }}
        />
      )}
      <div class="filter-fields">
        <SearchField
          label="Find an address"
          hint="Address, or how it begins"
          value={search}
          search={(text) => refine({ search: text })}
        />
        <WordField
          label="Stream"
          value={stream}
          known={['transactional', 'broadcast']}
          choose={(word) => refine({ stream: word })}
        />
        <WordField label="Tenant" value={tenant} known={[]} choose={(word) => refine({ tenant: word })} />
      </div>
      {page.problem && <ErrorNote problem={page.problem} retry={page.reload} />}
      {!entries && !page.problem && <Skeleton rows={8} />}
      {entries?.length === 0 && (
        <Empty icon="suppress" title={search || stream || tenant ? 'No address fits' : 'Nobody is suppressed'}>
          Addresses come here when they bounce for good, complain or unsubscribe, or when you add them.
        </Empty>
      )}
      {entries && entries.length > 0 && <SuppressionTable entries={entries} changed={page.reload} />}
      <Pager pages={pages} next={page.data?.cursor} label="Pages of the suppression list" />
    </div>
  );
}
