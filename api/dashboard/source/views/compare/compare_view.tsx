// Sides beside each other: the verdict first, then what differs, the result, differences, curves, classes, a table.
import { plural } from "../../parts/format";
import { Empty, Failure, Loading } from "../../parts/states";
import { get } from "../../service/http";
import { ofStates, useReading } from "../../service/resource";
import type { LiveEvent } from "../../service/live_worker";
import type { Comparison } from "../../service/types";
import { query } from "../../shell/address";
import { Builder } from "./builder";
import { ByClass } from "./by_class";
import { sidesOf } from "./comparison";
import { Configuration } from "./configuration";
import { Confusions } from "./confusions";
import { Curves } from "./curves";
import { Differences } from "./differences";
import { Results } from "./results";
import { AddSide, Asked, Chips, askedJobs, askedRuns, leftOut } from "./sides";
import { Verdict } from "./verdict";

export default function CompareView() {
  const asked = new URLSearchParams([...askedJobs().map((id) => ["job", id]), ...askedRuns().map((id) => ["run", id])]).toString();
  const curve = query.value.get("curve");
  const path = `/v1/compare?${asked}${curve ? `&metric=${encodeURIComponent(curve)}` : ""}`;
  const about = (event: LiveEvent) => ofStates(event) && (event.job === null || askedJobs().includes(event.job) || askedRuns().length > 0);
  const read = useReading(asked ? path : null, (signal) => get<Comparison>(path, signal), { about, keep: true });
  if (!asked) return <Nothing />;
  // Until the answer to other sides is there, the one before stays; the failure of other sides does not.
  if (read.error && !read.loading && !answers(read.value)) {
    return <><h1>Compare</h1><Asked /><AddSide open /><Failure error={read.error} what="The comparison" again={read.refresh} /></>;
  }
  if (!read.value) return <><h1>Compare</h1><Loading what="the comparison" /></>;
  return <Compared answer={read.value} asked={asked} />;
}

/** Whether an answer is of what the address asks for. */
function answers(answer: Comparison | null): boolean {
  if (!answer) return false;
  const [jobs, runs] = [new Set(answer.sides.filter((side) => !side.run).map((side) => side.job)), answer.sides.map((side) => side.run)];
  return askedJobs().every((id) => jobs.has(id)) && askedRuns().every((id) => runs.includes(id)) && jobs.size === new Set(askedJobs()).size;
}

function Nothing() {
  return (
    <>
      <h1>Compare</h1>
      <section class="panel">
        <Empty>
          <p>Nothing is chosen yet. Select two or more jobs in the <a href="#/">list of jobs</a> and press Compare, or add them here. A job with a sweep gives a side for each point, so one such job is enough.</p>
        </Empty>
        <AddSide open />
      </section>
    </>
  );
}

function Compared({ answer, asked }: { answer: Comparison; asked: string }) {
  const all = sidesOf(answer);
  const shown = all.filter((side) => !leftOut().includes(side.key));
  const sides = shown.length ? shown : all;
  return (
    <>
      <h1>Compare {plural(sides.length, "side")}</h1>
      <Chips all={all} shown={sides} />
      <AddSide open={false} />
      <Verdict answer={answer} sides={sides} all={sides.length === all.length} />
      <Configuration answer={answer} sides={sides} />
      <Results answer={answer} sides={sides} />
      <div class="columns">
        <Differences answer={answer} sides={sides} />
        <Curves answer={answer} sides={sides} />
      </div>
      <ByClass answer={answer} sides={sides} />
      <Builder answer={answer} sides={sides} asked={asked} />
      <Confusions sides={sides} />
    </>
  );
}
