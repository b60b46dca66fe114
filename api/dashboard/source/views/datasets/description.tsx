// What was found of a data set when it was registered: warnings, splits, missing values, classes that come together.
import { useMemo, useState } from "preact/hooks";
import { Matrix } from "../../charts/matrix";
import { number, plural } from "../../parts/format";
import { byFrequency } from "../../parts/frequency";
import { type Column, Table } from "../../parts/table";
import type { DatasetDetail } from "../../service/types";

type Split = NonNullable<DatasetDetail["splits"]>[number];
type Missing = NonNullable<DatasetDetail["missing_values"]>[number];
type Pair = NonNullable<DatasetDetail["co_occurrence"]>["pairs"][number];

export function Warnings({ warnings }: { warnings: string[] }) {
  if (!warnings.length) return null;
  return (
    <section class="state-box bad" aria-labelledby="warnings-title">
      <h2 id="warnings-title">{plural(warnings.length, "warning")}</h2>
      <ul class="warnings">{warnings.map((warning) => <li key={warning}>{sentence(warning)}</li>)}</ul>
    </section>
  );
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const SPLITS: Column<Split>[] = [
  { key: "name", title: "Split", cell: (split) => split.name },
  { key: "examples", title: "Examples", number: true, cell: (split) => number(split.examples) },
  { key: "classes", title: "Classes in it", number: true, cell: (split) => number(split.class_counts.filter((count) => count > 0).length) },
  { key: "factor", title: "IF", number: true, hint: "Imbalance factor: most frequent class over rarest", cell: (split) => number(split.imbalance_factor, 4) },
];

export function Splits({ dataset }: { dataset: DatasetDetail }) {
  if (!dataset.splits?.length) return null;
  const source = dataset.splits_drawn
    ? "The files have no test split: a fifth of each class was drawn, always the same."
    : dataset.split ? `As column ${dataset.split} says.` : "As the files have them.";
  return (
    <>
      <h3>Splits</h3>
      <Table caption="Splits" columns={SPLITS} rows={dataset.splits} rowKey={(split) => split.name} />
      <p class="quiet xs">{source}</p>
    </>
  );
}

export function MissingValues({ dataset }: { dataset: DatasetDetail }) {
  const missing = dataset.missing_values ?? [];
  const rows = (dataset.splits ?? []).reduce((sum, split) => sum + split.examples, 0);
  if (dataset.format !== "table" || !rows) return null;
  const columns: Column<Missing>[] = [
    { key: "column", title: "Column", wide: true, cell: (each) => each.column },
    { key: "rows", title: "Rows without a value", number: true, cell: (each) => number(each.rows) },
    { key: "share", title: "Share, %", number: true, cell: (each) => ((100 * each.rows) / rows).toFixed(1) },
  ];
  return (
    <>
      <h3>Missing values</h3>
      {missing.length ? <Table caption="Columns that lack values" columns={columns} rows={missing} rowKey={(each) => each.column} /> : <p class="quiet small">No column lacks any.</p>}
    </>
  );
}

/** Percent of the examples with the class of a row that have the class of a column, too; nothing where the two are one. */
function shares(counts: number[][], order: number[]): number[][] {
  return order.map((row) => order.map((column) => (row === column ? 0 : (100 * (counts[row]?.[column] ?? 0)) / (counts[row]?.[row] || 1))));
}

export function CoOccurrence({ dataset }: { dataset: DatasetDetail }) {
  const found = dataset.co_occurrence;
  if (!found) return null;
  return (
    <section class="panel" aria-labelledby="together-title">
      <h2 id="together-title">Classes that come together</h2>
      {found.pairs.length ? (
        <div class="sides">
          {found.counts && <Square dataset={dataset} counts={found.counts} />}
          <Pairs dataset={dataset} pairs={found.pairs} />
        </div>
      ) : (
        <p class="quiet small">No training example has two classes.</p>
      )}
    </section>
  );
}

function Square({ dataset, counts }: { dataset: DatasetDetail; counts: number[][] }) {
  const classes = dataset.classes ?? [];
  const order = useMemo(() => byFrequency(counts.map((row, c) => row[c] ?? 0)), [counts]);
  const values = useMemo(() => shares(counts, order), [counts, order]);
  const [cell, setCell] = useState<{ row: number; column: number } | null>(null);
  const [row, column] = cell ? [order[cell.row] ?? 0, order[cell.column] ?? 0] : [0, 0];
  return (
    <div>
      <Matrix
        level={3} height={420} title="Co-occurrence" names={order.map((c) => classes[c] ?? String(c))} values={values} unit="% of the row's examples"
        axes={{ rows: "class, most frequent first", columns: "comes with", row: "class", column: "with" }} onCell={setCell}
        summary="Percent of the training examples of each class that have another one, too. The most frequent pairs are listed beside it."
      />
      {cell ? (
        <p class="small">
          Of {number(counts[row]?.[row])} examples with <strong>{classes[row]}</strong>, {number(counts[row]?.[column])} have <strong>{classes[column]}</strong>.
        </p>
      ) : (
        <p class="quiet small">Point at a cell to read it.</p>
      )}
    </div>
  );
}

function Pairs({ dataset, pairs }: { dataset: DatasetDetail; pairs: Pair[] }) {
  const name = (index: number | undefined) => dataset.classes?.[index ?? -1] ?? "–";
  const columns: Column<Pair>[] = [
    { key: "pair", title: "Classes", wide: true, cell: (pair) => `${name(pair.classes[0])} and ${name(pair.classes[1])}` },
    { key: "examples", title: "Training examples", number: true, cell: (pair) => number(pair.examples) },
  ];
  return <Table caption="The most frequent pairs" columns={columns} rows={pairs} rowKey={(pair) => pair.classes.join(" ")} />;
}
