import { signal } from '@preact/signals';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { apiUrl, type Query } from '../client/request.js';
import { Icon } from '../parts/icon.js';
import { Empty } from '../parts/notes.js';
import { SwitchButton } from '../parts/switch-button.js';

/** In pixels, of CSS: a common phone, and a window that is no phone's. */
const WIDTHS = { phone: 375, desktop: 1024 } as const;

/** The same for one mail after the other. */
const width = signal<keyof typeof WIDTHS>(innerWidth < 600 ? 'phone' : 'desktop');
const darkMail = signal(false);

/**
 * A mail's HTML in a frame that may do nothing: `sandbox` without any permission, and the server's own policy for what is in it. Nothing is
 * fetched for it until the reader asks for images, for this mail only: that tells its sender that it was read.
 */
export function HtmlPanel({
  has,
  title,
  path,
  query,
  version,
}: {
  has: boolean;
  title: string;
  path: string;
  query: Query;
  version: number;
}) {
  const [images, setImages] = useState(false);
  const room = useRef<HTMLDivElement>(null);
  const [available, setAvailable] = useState(WIDTHS.desktop as number);
  useLayoutEffect(() => {
    const element = room.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setAvailable(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [has]);
  if (!has) {
    return (
      <Empty icon="preview" title="No HTML part">
        This mail is plain text.
      </Empty>
    );
  }
  const wide = width.value === 'phone' ? WIDTHS.phone : Math.max(WIDTHS.desktop, available);
  const scale = Math.min(1, available / wide);
  const url = apiUrl(`${path}/html`, { ...query, images: images ? 1 : 0, dark: darkMail.value ? 1 : 0 });
  return (
    <div class="html-panel">
      <div class="html-tools" role="group" aria-label="How the mail is shown">
        <SwitchButton on={width.value === 'phone'} flip={() => (width.value = 'phone')}>
          <Icon name="phone" /> Phone
        </SwitchButton>
        <SwitchButton on={width.value === 'desktop'} flip={() => (width.value = 'desktop')}>
          <Icon name="system" /> Desktop
        </SwitchButton>
        <SwitchButton on={darkMail.value} flip={() => (darkMail.value = !darkMail.value)}>
          <Icon name="moon" /> Dark mode
        </SwitchButton>
        <SwitchButton on={images} flip={() => setImages(!images)}>
          {images ? 'Images are loaded' : 'Load images'}
        </SwitchButton>
      </div>
      <div class="frame-room" ref={room}>
        <iframe
          key={`${version} ${url}`}
          class={width.value === 'phone' ? 'mail-frame mail-frame-phone' : 'mail-frame'}
          title={`HTML of the mail: ${title}`}
          sandbox=""
          referrerpolicy="no-referrer"
          src={url}
          style={{
            width: `${wide}px`,
            height: `calc(var(--frame-height) / ${scale})`,
            transform: `scale(${scale})`,
            marginBottom: `calc(var(--frame-height) - var(--frame-height) / ${scale})`,
          }}
        />
      </div>
    </div>
  );
}
