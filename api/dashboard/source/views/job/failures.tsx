// Failures with their reasons, at the top: runs that failed for the same reason stand together.
import { plural } from "../../parts/format";
import { reasonWords } from "../../parts/reasons";
import { to } from "../../shell/address";
import type { Run } from "../../service/types";
import type { JobRuns } from "./data";

export function Failures({ runs }: { runs: JobRuns }) {
  const failed = runs.points.flatMap((point) => point.runs.filter((run) => run.state === "failed").map((run) => ({ run, point: point.name })));
  if (!failed.length) return null;
  const groups = new Map<string, { run: Run; point: string }[]>();
  for (const each of failed) {
    const said = `${each.run.reason ?? ""} ${each.run.message ?? ""}`;
    groups.set(said, [...(groups.get(said) ?? []), each]);
  }
  return (
    <section class="panel failures" role="alert" aria-label="Failures">
      {[...groups.values()].map((members) => {
        const { run } = members[0]!;
        return (
          <p key={run.id}>
            <strong class="failed">✕ {plural(members.length, "run")} failed{run.reason ? `: ${reasonWords(run.reason)}` : ""}.</strong> {run.message}{" "}
            <span class="small">
              {members.slice(0, 8).map((each) => <a key={each.run.id} href={to(`/runs/${each.run.id}`)}>{each.point}, seed {each.run.seed}</a>)}
              {members.length > 8 && ` and ${members.length - 8} more`}
            </span>
          </p>
        );
      })}
    </section>
  );
}
