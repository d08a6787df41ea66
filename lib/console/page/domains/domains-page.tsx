import { get } from '../client/request.js';
import { useResource } from '../client/use-resource.js';
import { Empty, ErrorNote, Skeleton } from '../parts/notes.js';
import { href, route } from '../shell/route.js';
import { DomainReportView } from './domain-report.js';

/** Whether the DNS lets others trust the mails of each sender domain. */
export function DomainsPage() {
  const list = useResource('domains', (signal) => get<{ domains: string[] }>('domains', {}, signal));
  const domains = list.data?.domains;
  const chosen = route.value.path[1] ?? domains?.[0];
  return (
    <div class="page">
      <div class="page-head">
        <h1>Domains</h1>
      </div>
      {list.problem && <ErrorNote problem={list.problem} retry={list.reload} />}
      {!domains && !list.problem && <Skeleton rows={6} tall />}
      {domains?.length === 0 && (
        <Empty icon="domain" title="No sender domain is known">
          Set <code>from</code> in the configuration of the relay.
        </Empty>
      )}
      {domains && domains.length > 1 && (
        <nav aria-label="Sender domains">
          <ul class="pills" role="list">
            {domains.map((domain) => (
              <li key={domain}>
                <a class="pill" href={href(['domains', domain])} aria-current={domain === chosen ? 'true' : undefined}>
                  {domain}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {domains && chosen !== undefined && <DomainReportView key={chosen} domain={chosen} />}
    </div>
  );
}
