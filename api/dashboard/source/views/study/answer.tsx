// What a study found, in words first; then the pairs it rests on, and what its winner does to each class.
import { Forest } from "../../charts/forest";
import { number } from "../../parts/format";
import { metric } from "../../parts/metrics";
import { pointKey } from "../../parts/points";
import { Empty, Shown } from "../../parts/states";
import { Table } from "../../parts/table";
import { ofJob, useResource } from "../../service/resource";
import type { Finding, FoundPair, Job, Study } from "../../service/types";
import { to } from "../../shell/address";
import { points } from "../compare/comparison";
import { type JobRuns, useRuns } from "../job/data";
import { AllPoints } from "../job/variation";

export function Answer({ study }: { study: Study }) {
  const { answer } = study;
  const job = study.jobs[0];
  if (!answer) return study.answer_due ? <section class="panel"><h2>Answer</h2><Empty>It comes when all runs have ended{job && <>; until then see <a href={to(`/jobs/${job.id}`)}>the search as it goes</a></>}.</Empty></section> : null;
  return (
    <>
      <section class="panel">
        <h2>Answer</h2>
        <p class="verdict">{answer.text}</p>
        <div class="row">
          {answer.spec && <a class="button primary" href={to("/submit", { study: study.id })}>Train again with this spec</a>}
          {job && <a class="button" href={to(`/jobs/${job.id}`)}>The search behind it</a>}
        </div>
      </section>
      {answer.pairs.length > 0 && <Pairs pairs={answer.pairs} />}
      {answer.winner && job && <WinnerByClass job={job.id} answer={answer} />}
    </>
  );
}

function Pairs({ pairs }: { pairs: FoundPair[] }) {
  const name = pairs[0]?.metric ?? "";
  const { lower, title } = metric(name);
  const better = "the first is better";
  const worse = "the second is better";
  const rows = pairs.map((pair) => ({
    name: `${pair.a} − ${pair.b}`, method: pair.a, difference: times(pair.difference), interval: pair.confidence_interval && (pair.confidence_interval.map((each) => 100 * each) as [number, number]),
    n: pair.n, decided: pair.decided, note: null,
  }));
  return (
    <div class="columns">
      <section class="panel">
        <Forest
          title={`Differences in ${title.toLowerCase()}`} level={2} rows={rows} unit={lower ? "points of error" : "points"} left={lower ? better : worse} right={lower ? worse : better}
          summary={pairs.map((pair) => `${pair.a} − ${pair.b}: ${points(pair.difference)}, ${pair.decided ? "beyond the noise" : "within the noise"}`).join("; ")}
        />
        <p class="quiet small note">Paired by seed; each interval has the confidence that Holm's correction asks of its pair, so that it holds zero where the two are not told apart.</p>
      </section>
      <section class="panel">
        <h2>Pairs</h2>
        <Table
          caption="Pairs of finalists" rows={pairs} rowKey={(pair) => `${pair.a} ${pair.b}`}
          columns={[
            { key: "pair", title: "Difference of", wide: true, cell: (pair) => `${pair.a} − ${pair.b}` },
            { key: "difference", title: "Points", number: true, cell: (pair) => points(pair.difference) },
            { key: "interval", title: "Interval", number: true, cell: (pair) => (pair.confidence_interval ? `${points(pair.confidence_interval[0])} to ${points(pair.confidence_interval[1])}` : "none") },
            { key: "p", title: "p, corrected", number: true, cell: (pair) => (pair.p_value < 0.001 ? "< 0.001" : number(pair.p_value, 2)) },
            { key: "n", title: "Seeds", number: true, cell: (pair) => pair.n },
            { key: "decided", title: "Told apart", cell: (pair) => (pair.decided ? <strong>yes</strong> : "no") },
          ]}
        />
      </section>
    </div>
  );
}

const times = (value: number | null) => (value === null ? null : 100 * value);

/** The loss variation of the winner's classes at the last epoch. */
function WinnerByClass({ job: id, answer }: { job: string; answer: Finding }) {
  const job = useResource<Job>(`/v1/jobs/${id}`, { about: ofJob(id) });
  return <section class="panel"><Shown of={job} what="The winner's job">{(value) => <OfJob job={value} answer={answer} />}</Shown></section>;
}

function OfJob({ job, answer }: { job: Job; answer: Finding }) {
  const runs = useRuns(job);
  return <Shown of={runs} what="The winner's runs">{(value) => <Classes job={job} runs={value} answer={answer} />}</Shown>;
}

function Classes({ job, runs, answer }: { job: Job; runs: JobRuns; answer: Finding }) {
  const key = pointKey(answer.winner?.point ?? {});
  const winner: JobRuns = { ...runs, points: runs.points.filter((point) => point.key === key) };
  const multi = Object.keys(job.summary[0]?.metrics ?? {}).some((name) => name.includes("mean_average_precision"));
  if (!winner.points.length) return <Empty>The winner's runs were deleted.</Empty>;
  return <AllPoints job={job} runs={winner} epoch={runs.epoch} sign={multi ? "positive" : ""} />;
}
