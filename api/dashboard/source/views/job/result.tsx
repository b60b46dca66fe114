// The result: sweep points by shot groups, each seed on demand, and how each seed stands.
import { useState } from "preact/hooks";
import { MethodChip } from "../../parts/badges";
import { spread } from "../../parts/format";
import { ERROR, PRECISION, metric } from "../../parts/metrics";
import { pointKey } from "../../parts/points";
import { SIGNS } from "../../parts/run_states";
import { Empty } from "../../parts/states";
import { type Column, Table } from "../../parts/table";
import type { Job, PointSummary, Run } from "../../service/types";
import { query, setQuery, to } from "../../shell/address";
import type { JobRuns, PointRuns } from "./data";

interface Row {
  point: PointRuns;
  summary: PointSummary | undefined;
}

export function mainOf(job: Job): string {
  const names = job.summary.flatMap((each) => Object.keys(each.metrics));
  return names.includes(PRECISION) && !names.includes(ERROR) ? PRECISION : ERROR;
}

export function Result({ job, runs }: { job: Job; runs: JobRuns }) {
  const main = mainOf(job);
  const summaries = new Map(job.summary.map((each) => [pointKey(each.point), each]));
  const rows = runs.points.map((point) => ({ point, summary: summaries.get(point.key) }));
  const sort = query.value.get("order") ?? "";
  const [seedsShown, setSeedsShown] = useState(false);
  const names = [main, `${main}.many`, `${main}.medium`, `${main}.few`];
  const others = ["test/balanced_accuracy", "test/macro_f1", "test/calibration_error", "test/micro_f1", "test/ranking_loss"].filter((name) => job.summary.some((each) => each.metrics[name]));
  const seeds = [...new Set(runs.points.flatMap((point) => point.runs.map((run) => run.seed)))].sort((a, b) => a - b);
  if (!rows.length) return <Empty>This job has no runs.</Empty>;
  const best = bestOf(job);
  const columns: Column<Row>[] = [
    { key: "point", title: "Method or point", wide: true, cell: (row) => <span class="chips"><MethodChip name={row.point.method} />{row.point.name !== row.point.method && <span>{row.point.name}</span>}</span> },
    ...names.map((name, i): Column<Row> => ({
      key: name, title: i === 0 ? `${metric(main).lower ? "Error" : "mAP"} %` : ["", "Many", "Medium", "Few"][i]!, number: true, sort: name, hint: `${metric(name).title}, last epoch, mean ± standard deviation over seeds`,
      cell: (row) => <span class={i === 0 && row.point.key === best ? "best" : undefined}>{spread(row.summary?.metrics[name])}</span>,
    })),
    ...others.map((name): Column<Row> => ({ key: name, title: metric(name).title.replace("Test ", ""), number: true, sort: name, cell: (row) => spread(row.summary?.metrics[name]) })),
    { key: "n", title: "n", number: true, hint: "Seeds that have succeeded", cell: (row) => `${row.summary?.metrics[main]?.n ?? 0}/${row.point.runs.length}` },
    ...(seedsShown ? seeds.map((seed): Column<Row> => ({ key: `seed ${seed}`, title: `Seed ${seed}`, number: true, cell: (row) => <SeedValue row={row} seed={seed} main={main} /> })) : []),
    { key: "seeds", title: "Seeds", cell: (row) => <SeedStates runs={row.point.runs} /> },
  ];
  return (
    <section class="panel">
      <div class="row spread">
        <h2>Result</h2>
        <label class="check"><input type="checkbox" checked={seedsShown} onChange={(event) => setSeedsShown(event.currentTarget.checked)} /> each seed</label>
      </div>
      <Table
        caption={`${metric(main).title} at the last epoch in percent, mean ± standard deviation over seeds; many, medium and few by training examples.`}
        shownCaption columns={columns} rows={ordered(rows, sort)} rowKey={(row) => row.point.key} sort={sort} onSort={(order) => setQuery({ order })} rowHeight={40}
      />
    </section>
  );
}

function ordered(rows: Row[], sort: string): Row[] {
  if (!sort) return rows;
  const name = sort.replace(/^-/, "");
  const way = sort.startsWith("-") ? -1 : 1;
  const value = (row: Row) => row.summary?.metrics[name]?.mean ?? null;
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    return way * (x - y);
  });
}

/** The point in bold: only where the service's paired interval says that it leads. */
function bestOf(job: Job): string | null {
  return job.verdict?.decided && job.verdict.point ? pointKey(job.verdict.point) : null;
}

function SeedValue({ row, seed, main }: { row: Row; seed: number; main: string }) {
  const each = row.summary?.metrics[main];
  const at = each?.seeds.indexOf(seed) ?? -1;
  return <>{each && at >= 0 ? (100 * (each.values[at] as number)).toFixed(2) : "–"}</>;
}

function SeedStates({ runs }: { runs: Run[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? runs : runs.slice(0, 10);
  return (
    <span class="chips">
      {shown.map((run) => (
        <a key={run.id} class={`seed ${run.state}`} href={to(`/runs/${run.id}`)} title={`seed ${run.seed}: ${run.state}${run.requested ? `, ${run.requested} requested` : ""}, epoch ${run.epoch} of ${run.epochs}`} aria-label={`Seed ${run.seed}, ${run.state}`}>
          {run.seed} {SIGNS[run.state]}
        </a>
      ))}
      {shown.length < runs.length && <button type="button" class="link small" onClick={() => setAll(true)}>{runs.length - shown.length} more</button>}
    </span>
  );
}
