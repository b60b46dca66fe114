// Loss variations and accuracies of all sides on one axis by class rank, as in the paper's Fig. 1.
import { Bars } from "../../charts/bars";
import { EpochChoice } from "../../parts/epoch";
import { PRECISION } from "../../parts/metrics";
import { Empty, Shown } from "../../parts/states";
import { useReading } from "../../service/resource";
import type { Comparison } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { type ClassChart, KINDS, type Kind, lastEpoch, readClasses } from "./class_reading";
import { type Side, mainOf } from "./comparison";

export function ByClass({ answer, sides }: { answer: Comparison; sides: Side[] }) {
  const kind: Kind = query.value.get("classes") === "accuracy" ? "accuracy" : "variation";
  const last = Math.max(0, ...sides.map((side) => lastEpoch(answer, side)));
  const asked = Math.min(Number(query.value.get("epoch")) || 0, last);
  const multi = mainOf(answer) === PRECISION;
  const version = sides.map((side) => `${side.key} ${lastEpoch(answer, side)} ${side.runs.length - side.missing.length}`).join();
  const charts = useReading(last ? `${kind} ${asked} ${version}` : null, (signal) => readClasses(answer, sides, kind, asked, multi, signal), { keep: true });
  return (
    <section class="panel">
      <div class="row spread">
        <h2>By class</h2>
        <div class="row"><KindChoice kind={kind} multi={multi} /><Baseline sides={sides} /></div>
      </div>
      {kind === "variation" && <p class="quiet small">(l′ − l) / l: the loss after the perturbation against the loss before it. Above zero a method makes a class harder, which gives it margin; below zero it makes it easier.</p>}
      {!last && <Empty>The classes come with the first epoch.</Empty>}
      {last > 0 && (
        <>
          <EpochChoice epoch={asked || last} last={last} choose={(epoch) => setQuery({ epoch })} />
          <Shown of={charts} what="The classes">
            {(found) => (found.length ? <>{found.map((chart) => <ClassBars key={`${chart.dataset} ${chart.sign}`} chart={chart} kind={kind} multi={multi} several={found.length > 1} />)}</> : <Empty>No run has this of its classes: methods without a perturbation measure no variation in old runs, and runs that wait have none yet.</Empty>)}
          </Shown>
        </>
      )}
    </section>
  );
}

function KindChoice({ kind, multi }: { kind: Kind; multi: boolean }) {
  return (
    <label class="row small">
      show
      <select value={kind} onChange={(event) => setQuery({ classes: event.currentTarget.value === "variation" ? null : event.currentTarget.value })}>
        <option value="variation">{KINDS.variation.toLowerCase()}</option>
        <option value="accuracy">{multi ? "average precision" : "test accuracy"}</option>
      </select>
    </label>
  );
}

function Baseline({ sides }: { sides: Side[] }) {
  const chosen = sides.find((side) => side.key === query.value.get("minus"));
  return (
    <label class="row small">
      minus
      <select value={chosen?.key ?? ""} onChange={(event) => setQuery({ minus: event.currentTarget.value || null })}>
        <option value="">nothing</option>
        {sides.map((side) => <option key={side.key} value={side.key}>{side.name}</option>)}
      </select>
    </label>
  );
}

function ClassBars({ chart, kind, multi, several }: { chart: ClassChart; kind: Kind; multi: boolean; several: boolean }) {
  const against = chart.sides.find((each) => each.side.key === query.value.get("minus"));
  const shown = chart.sides.filter((each) => each !== against || chart.sides.length === 1);
  const bars = shown.map(({ side, mean, std }) => ({
    name: side.name,
    method: side.method,
    values: against ? mean.map((value, c) => (value === null || against.mean[c] === null || against.mean[c] === undefined ? null : value - (against.mean[c] as number))) : mean,
    deviation: against ? undefined : std,
  }));
  const what = kind === "variation" ? KINDS.variation : multi ? "Average precision" : "Test accuracy";
  const epochs = [...new Set(chart.sides.map((each) => each.epoch))].sort((a, b) => a - b);
  const where = [several && chart.dataset, chart.sign && `${chart.sign} samples`, against && `minus ${against.side.name}`, `epoch ${epochs.join(", ")}`].filter(Boolean).join(", ");
  return <Bars title={`${what} by class: ${where}`} yTitle={`${what.toLowerCase()}, %${against ? " points" : ""}`} scale={100} labels={chart.classes} counts={chart.counts} bars={bars} height={360} />;
}
