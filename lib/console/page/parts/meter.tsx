/** How much of a limit is used, as a bar and in words. */
export function Meter({ label, used, limit, text }: { label: string; used: number; limit: number; text: string }) {
  const share = limit > 0 ? Math.min(1, used / limit) : 0;
  const tone = share >= 1 ? 'bad' : share >= 0.8 ? 'fair' : 'good';
  return (
    <div class="meter">
      <div class="meter-words">
        <span>{label}</span>
        <span>{text}</span>
      </div>
      <div
        class="meter-bar"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={limit}
        aria-valuenow={Math.min(used, limit)}
        aria-valuetext={text}
      >
        <div class={`meter-fill meter-${tone}`} style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}
