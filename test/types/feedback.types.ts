// Compiled, not run: each `@ts-expect-error` is a mistake that must not compile, and all else must.
import {
  type MailEvent,
  type MailEventBase,
  MailEvents,
  OnMailEvent,
  parseBounce,
  RelayModule,
  type SuppressionList,
} from '../../lib/index.js';

declare const events: MailEvents;
declare const list: SuppressionList;

export class Handlers {
  @OnMailEvent('bounced')
  one(event: MailEvent<'bounced'>): string {
    return event.reason;
  }

  @OnMailEvent('bounced', 'complained')
  several(event: MailEvent<'bounced' | 'complained'>): boolean {
    return event.suppress;
  }

  @OnMailEvent('clicked')
  all(event: MailEvent): void {
    if (event.type === 'clicked') event.url satisfies string;
  }

  @OnMailEvent('opened')
  base(event: MailEventBase): void {
    event.recipient satisfies string;
  }

  @OnMailEvent('delivered')
  nothing(): void {}

  // @ts-expect-error a complaint would come, too
  @OnMailEvent('bounced', 'complained')
  narrow(event: MailEvent<'bounced'>): void {
    event.reason satisfies string;
  }

  // @ts-expect-error there is no such event
  @OnMailEvent('bounce')
  misspelt(): void {}

  // @ts-expect-error of what?
  @OnMailEvent()
  empty(): void {}
}

events.of('clicked').subscribe(({ url }) => url.length);
events.of('bounced', 'deferred').subscribe(({ reason }) => reason?.length);
// @ts-expect-error an open has no url
events.of('opened').subscribe(({ url }) => url);

const { recipients } = await parseBounce('');
recipients[0]?.status satisfies string | undefined;

await list.add({ address: 'ada@x.test', reason: 'moved away' });
// @ts-expect-error why?
await list.add({ address: 'ada@x.test' });

RelayModule.forRoot({ reputation: { bounceRate: 0.05, streams: { internal: false } }, retention: '90d' });
// @ts-expect-error a share is a number
RelayModule.forRoot({ reputation: { bounceRate: '5%' } });
