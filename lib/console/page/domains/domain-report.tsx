import { get } from '../client/request.js';
import type { DnsRecord, DomainReport } from '../client/types.js';
import { useResource } from '../client/use-resource.js';
import { Badge } from '../parts/badge.js';
import type { Tone } from '../parts/tone.js';
import { CopyButton } from '../parts/copy-button.js';
import { Icon } from '../parts/icon.js';
import { ErrorNote, Skeleton } from '../parts/notes.js';
import { Time } from '../parts/time.js';

type Status = DomainReport['checks'][number]['status'];

const STATUS: Record<Status, readonly [tone: Tone, word: string]> = {
  pass: ['good', 'passed'],
  warn: ['fair', 'look at it'],
  fail: ['bad', 'failed'],
  skip: ['quiet', 'not needed'],
};
const NAMES: Record<string, string> = {
  spf: 'SPF',
  dkim: 'DKIM',
  dmarc: 'DMARC',
  alignment: 'Alignment',
  mx: 'MX',
  'mta-sts': 'MTA-STS',
  'tls-rpt': 'TLS-RPT',
  ptr: 'PTR',
  bimi: 'BIMI',
};

export function DomainReportView({ domain }: { domain: string }) {
  const report = useResource(`domain ${domain}`, (signal) =>
    get<DomainReport>(`domains/${encodeURIComponent(domain)}`, {}, signal),
  );
  const { data } = report;
  return (
    <section aria-labelledby="domain">
      <div class="section-head">
        <h2 id="domain">{domain}</h2>
        {data && <Badge tone={STATUS[data.status][0]}>{STATUS[data.status][1]}</Badge>}
        {data && (
          <span class="muted">
            checked <Time at={data.checkedAt} />
          </span>
        )}
        <button type="button" class="small push" disabled={report.loading} onClick={report.reload}>
          <Icon name="retry" /> {report.loading ? 'Checking …' : 'Check again'}
        </button>
      </div>
      {report.problem && <ErrorNote problem={report.problem} retry={report.reload} />}
      {!data && !report.problem && <Skeleton rows={6} tall />}
      {data && (
        <ul class="cards" role="list" aria-busy={report.loading}>
          {data.checks.map(({ name, subject, status, summary, details, record }, index) => (
            <li key={`${index} ${name}`} class="card">
              <div class="row">
                <h3>{NAMES[name] ?? name}</h3>
                <Badge tone={STATUS[status][0]}>{STATUS[status][1]}</Badge>
                <span class="muted break">{subject}</span>
              </div>
              <p>{summary}</p>
              {details.length > 0 && (
                <ul class="details">
                  {details.map((detail) => (
                    <li key={detail}>{detail}</li>
                  ))}
                </ul>
              )}
              {record && <RecordView record={record} />}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What to publish, in parts as the forms of DNS hosts ask for them. */
function RecordView({ record }: { record: DnsRecord }) {
  return (
    <div class="record">
      <p>
        <strong>Record to publish</strong>
      </p>
      <dl class="facts">
        <div>
          <dt>Type</dt>
          <dd>
            <code>{record.type}</code>
          </dd>
        </div>
        <div>
          <dt>Name</dt>
          <dd>
            <code class="break">{record.name}</code>{' '}
            <CopyButton text={record.name} what={`the name of the ${record.type} record`} />
          </dd>
        </div>
        <div>
          <dt>Value</dt>
          <dd>
            <code class="break">{record.value}</code>{' '}
            <CopyButton text={record.value} what={`the value of ${record.name}`} />
          </dd>
        </div>
      </dl>
    </div>
  );
}
