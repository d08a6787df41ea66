const PATHS = {
  inbox: 'M3 5h14v10H3zm0 6h4l1.5 2h3L13 11h4',
  preview: 'M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zm8-2.2a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4z',
  queue: 'M4 5h12M4 10h12M4 15h7',
  chart: 'M3 17h14M6 14V9m4 5V4m4 10V7',
  suppress: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM5 5l10 10',
  domain: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM3 10h14M10 3c-4 4-4 10 0 14 4-4 4-10 0-14',
  sun: 'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v2m0 12v2M2 10h2m12 0h2M4.4 4.4l1.4 1.4m8.4 8.4 1.4 1.4m0-11.2-1.4 1.4M5.8 14.2l-1.4 1.4',
  moon: 'M16 12a6.5 6.5 0 0 1-8-8 6.5 6.5 0 1 0 8 8z',
  system: 'M3 4h14v9H3zm4 13h6m-3-4v4',
  menu: 'M3 5h14M3 10h14M3 15h14',
  close: 'M5 5l10 10M15 5 5 15',
  back: 'M12 4l-6 6 6 6',
  search: 'M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zm4 9 4 4',
  copy: 'M7 7h9v10H7zM4 13V3h9',
  check: 'M4 10.5l4 4 8-9',
  attachment: 'M14 8l-5.5 5.5a2 2 0 0 1-3-3L12 4a3 3 0 0 1 4 4.500L9 16',
  pause: 'M7 4v12m6-12v12',
  play: 'M6 4l10 6-10 6z',
  retry: 'M16 10a6 6 0 1 1-2-4.500M16 3v4h-4',
  warning: 'M10 3l8 14H2zM10 8v4m0 2.500v.2',
  phone: 'M6 2h8v16H6zm3 13.500h2',
  download: 'M10 3v9m-4-4 4 4 4-4M3 17h14',
  upload: 'M10 12V3M6 7l4-4 4 4M3 17h14',
  plus: 'M10 4v12M4 10h12',
  keyboard: 'M2 5h16v10H2zm3 3h.1M8 8h.1M11 8h.1M14 8h.1M6 12h8',
  relay: 'M2 4.500h16v11H2zm0 0 8 6.500 8-6.500',
} as const;

export type IconName = keyof typeof PATHS;

/** Ornament only: what it stands for is said in words beside it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
