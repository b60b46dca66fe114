// Chooses an epoch: a slider with play, back and on. The last epoch is followed while none is chosen.
import { useEffect, useState } from "preact/hooks";

const STEP_MILLISECONDS = 140;
const STEPS_OF_A_PLAY = 120;

export function EpochChoice({ epoch, last, choose }: { epoch: number; last: number; choose: (epoch: number | null) => void }) {
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return undefined;
    const step = Math.max(1, Math.round(last / STEPS_OF_A_PLAY));
    const timer = setTimeout(() => {
      if (epoch >= last) setPlaying(false);
      else choose(Math.min(last, epoch + step));
    }, STEP_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [playing, epoch, last]);
  const press = () => {
    if (!playing && epoch >= last) choose(1);
    setPlaying(!playing);
  };
  return (
    <div class="row epoch">
      <button type="button" aria-pressed={playing} onClick={press}>{playing ? "Pause" : "Play"}</button>
      <label class="row grow">
        <span class="quiet small">Epoch</span>
        <input type="range" min={1} max={last} step={1} value={epoch} onInput={(event) => { setPlaying(false); choose(Number(event.currentTarget.value) >= last ? null : Number(event.currentTarget.value)); }} />
        <output class="number">{epoch} of {last}</output>
      </label>
    </div>
  );
}
