import { computed, signal } from '@preact/signals';
import { Icon, type IconName } from '../parts/icon.js';
import { remember, remembered } from './remembered.js';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const system = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(system.matches);
system.addEventListener('change', ({ matches }) => (systemDark.value = matches));

const theme = signal<Theme>(THEMES.find((one) => one === remembered('theme')) ?? 'system');

export const dark = computed(() => (theme.value === 'system' ? systemDark.value : theme.value === 'dark'));

/** Sets the colours of the page before anything is drawn, and from then on. */
export function applyTheme(): void {
  dark.subscribe((isDark) => (document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'));
  theme.subscribe((chosen) => remember('theme', chosen === 'system' ? undefined : chosen));
}

const ICONS: Record<Theme, IconName> = { system: 'system', light: 'sun', dark: 'moon' };
const NAMES: Record<Theme, string> = { system: 'as the system', light: 'light', dark: 'dark' };

export function ThemeButton() {
  const now = theme.value;
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]!;
  return (
    <button
      type="button"
      class="plain"
      aria-label={`Colours: ${NAMES[now]}. Change to ${NAMES[next]}`}
      title={`Colours: ${NAMES[now]}`}
      onClick={() => (theme.value = next)}
    >
      <Icon name={ICONS[now]} />
    </button>
  );
}
