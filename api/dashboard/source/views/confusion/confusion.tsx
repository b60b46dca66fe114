// Which classes a run takes for which, by frequency; of two runs, the difference.
import { type Signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { Matrix } from "../../charts/matrix";
import { number } from "../../parts/format";
import { Failure, Loading } from "../../parts/states";
import { Table } from "../../parts/table";
import { Problem } from "../../service/http";
import { useReading } from "../../service/resource";
import { query, setQuery } from "../../shell/address";
import { type Counted, type List, type Square, minus, readConfusion, shares } from "./reading";

export interface ConfusionProperties {
  run: string;
  /** What the run is called. */
  name?: string;
  /** A second run, subtracted from the first. */
  other?: string | null;
  otherName?: string;
  level?: 2 | 3;
}

const MOST_LISTED = 14;

export function Confusion(properties: ConfusionProperties) {
  const { run, other = null } = properties;
  const read = useReading(`${run} ${other ?? ""}`, (signal) => readConfusion(run, other, signal), { about: (event) => event.event === "state" && event.data.run === run });
  if (!read.value && read.error instanceof Problem && read.error.status === 404) {
    return <p class="quiet">There is no confusion matrix yet: single-label runs have one of their last epoch, when they have ended.</p>;
  }
  if (!read.value && read.error) return <Failure error={read.error} what="The confusion matrix" again={read.refresh} />;
  if (!read.value) return <Loading what="the confusion matrix" />;
  return read.value.kind === "square" ? <Picture square={read.value} properties={properties} /> : <Entries list={read.value} properties={properties} />;
}

function Picture({ square, properties }: { square: Square; properties: ConfusionProperties }) {
  const byShare = query.value.get("confusion") !== "counts";
  const values = useMemo(() => {
    const of = (matrix: number[][]) => (byShare ? shares(matrix) : matrix);
    return square.other ? minus(of(square.run), of(square.other)) : of(square.run);
  }, [square, byShare]);
  const cell = useSignal<{ row: number; column: number } | null>(null);
  const difference = square.other !== null;
  const unit = byShare ? "% of the true class's test examples" : "examples";
  return (
    <div class="beside">
      <div>
        <Matrix
          title={`Confusion matrix${difference ? `: ${properties.name ?? "this run"} minus ${properties.otherName ?? "the other"}` : ""}`}
          summary={`Test examples by true and predicted class at epoch ${square.epoch}. The largest confusions are listed beside it.`}
          names={square.names} values={values} unit={unit} signed={difference} most={byShare && !difference ? 100 : undefined} level={properties.level}
          onCell={(at) => (cell.value = at)} controls={<Unit byShare={byShare} />}
        />
        <Readout square={square} values={values} cell={cell} byShare={byShare} />
      </div>
      <Largest square={square} values={values} byShare={byShare} difference={difference} />
    </div>
  );
}

function Unit({ byShare }: { byShare: boolean }) {
  return (
    <label class="row small">
      cells as
      <select value={byShare ? "share" : "counts"} onChange={(event) => setQuery({ confusion: event.currentTarget.value === "counts" ? "counts" : null })}>
        <option value="share">percent of the true class</option>
        <option value="counts">numbers of examples</option>
      </select>
    </label>
  );
}

const sign = (value: number) => (value > 0 ? "+" : value < 0 ? "−" : "");

function shown(value: number, byShare: boolean, difference: boolean): string {
  const size = difference ? Math.abs(value) : value;
  return `${difference ? sign(value) : ""}${byShare ? `${size.toFixed(1)} ${difference ? "points" : "%"}` : number(size)}`;
}

function Readout({ square, values, cell, byShare }: { square: Square; values: number[][]; cell: Signal<{ row: number; column: number } | null>; byShare: boolean }) {
  if (!cell.value) return <p class="quiet small">Epoch {square.epoch}. Point at a cell to read it.</p>;
  const { row, column } = cell.value;
  const total = (square.run[row] ?? []).reduce((sum, value) => sum + value, 0);
  return (
    <p class="small">
      <strong>{square.names[row]}</strong> ({number(square.counts[row])} training examples) taken for <strong>{square.names[column]}</strong>: {shown(values[row]?.[column] ?? 0, byShare, square.other !== null)}
      {" "}({number(square.run[row]?.[column])}{square.other && ` against ${number(square.other[row]?.[column])}`} of {number(total)} test examples)
    </p>
  );
}

interface Confused {
  row: number;
  column: number;
  value: number;
}

function largest(values: number[][], difference: boolean): Confused[] {
  const cells = values.flatMap((line, row) => line.map((value, column) => ({ row, column, value })));
  return cells
    .filter((cell) => cell.value && (difference || cell.row !== cell.column))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, MOST_LISTED);
}

function Largest({ square, values, byShare, difference }: { square: Square; values: number[][]; byShare: boolean; difference: boolean }) {
  const rows = useMemo(() => largest(values, difference), [values, difference]);
  if (!rows.length) return <p class="quiet">{difference ? "The two agree in every cell." : "No test example is taken for another class."}</p>;
  return (
    <Table
      caption={difference ? "Largest differences" : "Largest confusions"}
      shownCaption
      rows={rows}
      rowKey={(cell) => `${cell.row} ${cell.column}`}
      columns={[
        { key: "true", title: "True class", wide: true, cell: (cell) => <>{square.names[cell.row]} <span class="quiet">({number(square.counts[cell.row])})</span></> },
        { key: "predicted", title: "taken for", wide: true, cell: (cell) => (cell.row === cell.column ? "itself" : square.names[cell.column]) },
        { key: "value", title: byShare ? (difference ? "Points" : "Percent") : "Examples", number: true, cell: (cell) => shown(cell.value, byShare, difference).replace(/ (%|points)$/, "") },
      ]}
    />
  );
}

function Entries({ list, properties }: { list: List; properties: ConfusionProperties }) {
  const difference = Boolean(properties.other);
  return (
    <>
      <p class="quiet small">{number(list.classes)} classes are too many for a picture: the {number(list.entries.length)} {difference ? "largest differences" : "fullest cells"}, at epoch {list.epoch}.</p>
      <Table
        caption="Confusion by cell"
        rows={list.entries}
        rowKey={(entry: Counted) => `${entry.true} ${entry.predicted}`}
        columns={[
          { key: "true", title: "True class", wide: true, cell: (entry) => entry.true },
          { key: "predicted", title: "taken for", wide: true, cell: (entry) => (entry.true === entry.predicted ? "itself" : entry.predicted) },
          { key: "count", title: properties.name ?? "Examples", number: true, cell: (entry) => number(entry.count) },
          ...(difference ? [{ key: "other", title: properties.otherName ?? "the other", number: true, cell: (entry: Counted) => number(entry.other) }] : []),
        ]}
      />
    </>
  );
}
