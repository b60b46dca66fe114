// A table as papers print it: choose rows and columns, copy it as LaTeX, Markdown or CSV. The service writes the text.
import { useMemo } from "preact/hooks";
import { metric } from "../../parts/metrics";
import { Printed } from "../../parts/printed";
import { Empty } from "../../parts/states";
import type { Comparison } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { type Side, datasetsOf, leaders, mainOf, spreadOf } from "./comparison";
import { Figure, shortTitle } from "./results";

/** The names that the address takes out of all there are. */
function chosen(all: string[], parameter: string): string[] {
  const off = query.value.getAll(parameter);
  return all.filter((each) => !off.includes(each));
}

export function Builder({ answer, sides, asked }: { answer: Comparison; sides: Side[]; asked: string }) {
  const names = Object.keys(answer.metrics).filter((name) => sides.some((side) => spreadOf(answer, name, side)?.n));
  const several = datasetsOf(sides).length > 1;
  const first = several && !query.value.has("column") ? [mainOf(answer)] : null;
  const columns = first ?? (query.value.has("column") ? names.filter((name) => query.value.getAll("column").includes(name)) : names);
  const keys = chosen(sides.map((side) => side.key), "norow");
  const rows = sides.filter((side) => keys.includes(side.key));
  const path = `/v1/compare?${asked}${rows.map((side) => `&side=${side.place}`).join("")}${columns.map((name) => `&metric=${encodeURIComponent(name)}`).join("")}&`;
  const version = JSON.stringify(sides.map((side) => side.missing));
  const ready = rows.length > 0 && columns.length > 0;
  return (
    <section class="panel">
      <h2>Table for a paper</h2>
      <div class="row top builder">
        <Choices title="Rows" all={sides.map((side) => [side.key, side.name])} on={keys} choose={(on) => setQuery({ norow: sides.map((side) => side.key).filter((key) => !on.includes(key)) })} />
        <Choices title="Columns" all={names.map((name) => [name, metric(name).title])} on={columns} choose={(on) => setQuery({ column: on.length ? on : ["none"] })} />
      </div>
      {!ready && <Empty>{names.length ? "Choose a row and a column." : "No run has succeeded yet: there are no figures to print."}</Empty>}
      {ready && (
        <>
          <Preview answer={answer} rows={rows} columns={columns} />
          <Printed path={path} file="comparison" version={version} />
        </>
      )}
    </section>
  );
}

function Choices({ title, all, on, choose }: { title: string; all: [string, string][]; on: string[]; choose: (on: string[]) => void }) {
  return (
    <fieldset>
      <legend>{title}</legend>
      {all.map(([key, name]) => (
        <label key={key} class="check"><input type="checkbox" checked={on.includes(key)} onChange={(event) => choose(event.currentTarget.checked ? [...on, key] : on.filter((each) => each !== key))} /> {name}</label>
      ))}
    </fieldset>
  );
}

function Preview({ answer, rows, columns }: { answer: Comparison; rows: Side[]; columns: string[] }) {
  const leads = useMemo(() => leaders(answer, rows), [answer, rows]);
  const datasets = datasetsOf(rows);
  const several = datasets.length > 1;
  const labels = [...new Set(rows.map((side) => side.label))];
  const heads = datasets.flatMap((dataset) => columns.map((name) => ({ dataset, name })));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Preview of the table">
      <table class="printed">
        <caption>Percent: mean ± standard deviation over seeds; bold where the 95 % interval of the paired difference to the second best does not hold zero</caption>
        <thead>
          <tr><th scope="col">Method</th>{heads.map(({ dataset, name }) => <th key={`${dataset} ${name}`} scope="col" class="number">{several ? `${dataset}: ` : ""}{shortTitle(name)}</th>)}</tr>
        </thead>
        <tbody>
          {labels.map((label) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {heads.map(({ dataset, name }) => {
                const side = rows.find((each) => each.dataset === dataset && each.label === label);
                return <td key={`${dataset} ${name}`} class="number">{side ? <Figure answer={answer} name={name} side={side} leads={leads} /> : "–"}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
