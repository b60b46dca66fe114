// A search on its job's page: what it looks for, what is best so far, and how the parameters and the values go together.
import { Dots } from "../../charts/dots";
import { plural } from "../../parts/format";
import { pointName } from "../../parts/points";
import { Empty } from "../../parts/states";
import type { Job, Trial } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import { Importances } from "./importances";
import { Coordinates } from "./coordinates";
import { RungPart } from "./rung_part";
import { Slices } from "./slices";
import { Trials } from "./trials";
import { type Searching, measured, ranked, rungName, searching, shownValue, trialName } from "./reading";

const SAMPLERS: Record<string, string> = { random: "random points", tpe: "TPE (each point is proposed by what the earlier ones reached)", grid: "every point of a grid" };

export function SearchTab({ job }: { job: Job }) {
  const search = searching(job);
  if (!search) return <Empty>This job is no search.</Empty>;
  const chosen = query.value.get("trial");
  const choose = (key: string | null) => setQuery({ trial: key === chosen ? null : key });
  return (
    <>
      <Standing job={job} search={search} />
      {measured(search.trials).length > 0 ? (
        <>
          <div class="columns">
            <BestSoFar search={search} chosen={chosen} choose={choose} />
            <RungPart search={search} />
          </div>
          <Coordinates search={search} chosen={chosen} />
          <Importances search={search} />
          <Slices search={search} chosen={chosen} choose={choose} />
        </>
      ) : (
        <Empty>The pictures come with the first trial that has a value.</Empty>
      )}
      <Trials search={search} chosen={chosen} choose={choose} />
    </>
  );
}

/** The state of the search in words. */
function Standing({ job, search }: { job: Job; search: Searching }) {
  const count = (state: Trial["state"]) => search.trials.filter((trial) => trial.state === state).length;
  const open = count("open") + count("at_rung");
  const failed = count("failed");
  const { best } = search;
  return (
    <section class="panel">
      {best ? (
        <p class="verdict">
          Best {open ? "so far" : "of all"}: {search.metric.title.toLowerCase()} <strong>{shownValue(best.value, search.metric)}</strong> by <a href={to(`/runs/${best.run}`)}>trial {trialName(best)}</a>: {pointName(best.point, "the point")}.
        </p>
      ) : (
        <p class="verdict">No trial has a value yet.</p>
      )}
      <p class="quiet">
        {SAMPLERS[search.sampler] ?? search.sampler}; {plural(search.trials.length, "trial")} so far, {count("succeeded")} trained to the end{count("pruned") > 0 && `, ${count("pruned")} went no further`}{failed > 0 && `, ${failed} failed`}{open > 0 && `, ${open} under way`}.
        {" "}Chosen on validation, with one seed: the value of the best is too good by the choice itself, so the result that counts is the one on the test set.
      </p>
      {search.thenSeeds.length > 0 && <Finalists job={job} search={search} />}
    </section>
  );
}

function Finalists({ job, search }: { job: Job; search: Searching }) {
  if (!search.finalists.length) return <p class="quiet small">Once all trials have ended the best get the seeds {search.thenSeeds.join(", ")}.</p>;
  return (
    <p class="small">
      {plural(search.finalists.length, "finalist gets", "finalists get")} the seeds {search.thenSeeds.join(", ")}:{" "}
      {search.finalists.map((each, i) => <span key={each.run}>{i > 0 && "; "}<a href={to(`/runs/${each.run}`)}>{pointName(each.point, "the point")}</a></span>)}.
      {" "}<a href={to(`/jobs/${job.id}`, { tab: "overview" })}>Their result on the test set</a>
    </p>
  );
}

function BestSoFar({ search, chosen, choose }: { search: Searching; chosen: string | null; choose: (key: string | null) => void }) {
  const { metric, rungs } = search;
  const scale = metric.fraction ? 100 : 1;
  const trials = measured(search.trials);
  const groups = rungs.map((_, i) => groupName(i + 1, rungs)).filter((_, i) => trials.some((trial) => trial.rung === i + 1));
  const dots = trials.map((trial) => ({
    key: trialName(trial), x: trial.number + 1, y: scale * trial.value, group: groupName(trial.rung, rungs),
    told: [{ name: metric.title, value: shownValue(trial.value, metric) }, { name: "rung", value: rungName(trial.rung, rungs) }, ...search.parameters.map((parameter) => ({ name: parameter.name, value: pointName({ method: trial.point[parameter.field] }, "–") }))],
  }));
  const steps = bestSoFar(search).map(([x, y]): [number, number] => [x, scale * y]);
  return (
    <section class="panel">
      <Dots
        title="Best so far over the trials" level={2} what="trial" xTitle="trial, in the order of proposals" yTitle={`${metric.title.toLowerCase()}${metric.fraction ? ", %" : ""}`}
        dots={dots} groups={groups} steps={steps} chosen={chosen} onChoose={choose} height={320}
        summary={search.best ? `The best has ${shownValue(search.best.value, metric)}.` : undefined}
      />
      {search.halves && <p class="quiet small">The line counts trials of the furthest rung alone: values after fewer epochs are of other networks.</p>}
    </section>
  );
}

const groupName = (rung: number, rungs: number[]) => (rung === rungs.length ? "trained to the end" : `${rungs[rung - 1]} epochs`);

/** [trial, the best value of the furthest rung up to it], in the order of proposals. */
function bestSoFar({ trials, metric }: Searching): [number, number][] {
  const furthest = ranked(trials, metric)[0]?.rung ?? 0;
  const steps: [number, number][] = [];
  for (const trial of measured(trials)) {
    const last = steps.at(-1)?.[1];
    if (trial.rung !== furthest) continue;
    if (last === undefined || (metric.lower ? trial.value < last : trial.value > last)) steps.push([trial.number + 1, trial.value]);
  }
  const end = steps.at(-1);
  return end ? [...steps, [Math.max(...trials.map((trial) => trial.number + 1)), end[1]]] : [];
}
