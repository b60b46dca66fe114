// The result of each side: overall, many, medium, few; bold only where a lead is beyond the noise.
import { MethodChip } from "../../parts/badges";
import { spread } from "../../parts/format";
import { metric } from "../../parts/metrics";
import { type Column, Table } from "../../parts/table";
import type { Comparison } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { type Side, datasetsOf, leaders, spreadOf } from "./comparison";

export function shortTitle(name: string): string {
  const [head = "", group] = name.split("/").pop()?.split(".") ?? [];
  if (group) return group.charAt(0).toUpperCase() + group.slice(1);
  return head === "top1_error" ? "Error %" : head === "mean_average_precision" ? "mAP %" : metric(name).title;
}

/** A side's figure: bold where it leads, n where seeds are missing. */
export function Figure({ answer, name, side, leads }: { answer: Comparison; name: string; side: Side; leads: Map<string, Set<string>> }) {
  const value = spreadOf(answer, name, side);
  if (!value || value.mean === null) return <span class="quiet">–</span>;
  const partial = value.n < side.seeds.length;
  return (
    <>
      {leads.get(name)?.has(side.key) ? <strong class="best">{spread(value)}</strong> : spread(value)}
      {partial && <span class="quiet"> (n = {value.n})</span>}
    </>
  );
}

export function Results({ answer, sides }: { answer: Comparison; sides: Side[] }) {
  const leads = leaders(answer, sides);
  const sort = query.value.get("sort") ?? undefined;
  const rows = sorted(answer, sides, sort);
  const names = Object.keys(answer.metrics).filter((name) => sides.some((side) => spreadOf(answer, name, side)?.n));
  const columns: Column<Side>[] = [
    { key: "side", title: "Side", wide: true, cell: (side) => <a href={side.run ? `#/jobs/${side.job}?run=${side.run}` : `#/jobs/${side.job}`} title={side.jobName}>{side.name}</a> },
    { key: "method", title: "Method", cell: (side) => <MethodChip name={side.method} /> },
    ...(datasetsOf(sides).length > 1 ? [{ key: "dataset", title: "Data set", cell: (side: Side) => side.dataset }] : []),
    { key: "n", title: "Seeds", number: true, hint: "Runs that have succeeded, of those there are", cell: (side) => `${side.seeds.length - side.missing.length}/${side.seeds.length}` },
    ...names.map((name): Column<Side> => ({ key: name, title: shortTitle(name), hint: metric(name).title, number: true, sort: name, cell: (side) => <Figure answer={answer} name={name} side={side} leads={leads} /> })),
  ];
  return (
    <section class="panel">
      <h2>Result</h2>
      <Table caption="Result of each side" columns={columns} rows={rows} rowKey={(side) => side.key} sort={sort} onSort={(next) => setQuery({ sort: next })} />
      <p class="quiet small note">Percent at the last epoch: mean ± standard deviation over seeds. Bold: better than the second best of its data set, and the 95 % interval of their difference by seed does not hold zero.</p>
    </section>
  );
}

function sorted(answer: Comparison, sides: Side[], sort: string | undefined): Side[] {
  if (!sort) return sides;
  const name = sort.replace(/^-/, "");
  const sign = sort.startsWith("-") ? -1 : 1;
  const value = (side: Side) => spreadOf(answer, name, side)?.mean ?? null;
  return [...sides].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    return x === null || y === null ? Number(x === null) - Number(y === null) : sign * (x - y);
  });
}
