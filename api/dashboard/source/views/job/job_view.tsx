// One job: the verdict first, then the result, then what lies behind it, by tabs.
import { Shown } from "../../parts/states";
import { Tabs } from "../../parts/tabs";
import { ofJob, useResource } from "../../service/resource";
import type { Job } from "../../service/types";
import { query } from "../../shell/address";
import { JobLogs } from "../logs/job_logs";
import { titled } from "../../shell/title";
import { searching } from "../search/reading";
import { SearchTab } from "../search/search_tab";
import { Classes } from "./classes";
import { Curves } from "./curves";
import { type JobRuns, useRuns } from "./data";
import { Failures } from "./failures";
import { Head } from "./head";
import { Result } from "./result";
import { Runs } from "./runs";
import { Specification } from "./specification";
import { Variation } from "./variation";

export default function JobView({ id }: { id: string }) {
  const job = useResource<Job>(`/v1/jobs/${id}`, { about: ofJob(id) });
  titled(job.value ? job.value.name || job.value.id : "Job");
  return <Shown of={job} what="The job">{(value) => <Page job={value} refresh={job.refresh} />}</Shown>;
}

const SEARCH = { key: "search", title: "Search" };
const TABS = [
  { key: "overview", title: "Overview" },
  { key: "variation", title: "Loss variation" },
  { key: "classes", title: "Classes" },
  { key: "runs", title: "Runs" },
  { key: "logs", title: "Logs" },
  { key: "spec", title: "Specification" },
];

function Page({ job, refresh }: { job: Job; refresh: () => void }) {
  const runs = useRuns(job);
  const tabs = searching(job) ? [SEARCH, ...TABS] : TABS;
  const tab = query.value.get("tab") ?? (tabs[0]?.key as string);
  return (
    <>
      <Head job={job} refresh={refresh} />
      <Shown of={runs} what="The job's runs">
        {(value) => (
          <>
            <Failures runs={value} />
            <Tabs tabs={tabs} chosen={tab} />
            <Tab job={job} runs={value} tab={tab} refresh={refresh} />
          </>
        )}
      </Shown>
    </>
  );
}

function Tab({ job, runs, tab, refresh }: { job: Job; runs: JobRuns; tab: string; refresh: () => void }) {
  switch (tab) {
    case "search":
      return <SearchTab job={job} />;
    case "variation":
      return <Variation job={job} runs={runs} />;
    case "classes":
      return <Classes job={job} runs={runs} />;
    case "runs":
      return <Runs job={job} runs={runs} refresh={refresh} />;
    case "logs":
      return <JobLogs runs={runs.points.flatMap((point) => point.runs.map((run) => ({ run, title: `${point.name}, seed ${run.seed}` })))} />;
    case "spec":
      return <Specification job={job} />;
    default:
      return (
        <>
          <Result job={job} runs={runs} />
          <Curves job={job} runs={runs} />
        </>
      );
  }
}
