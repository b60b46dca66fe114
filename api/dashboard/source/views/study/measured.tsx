// The table of a study beside the published one: each cell leads to its job and says how far the two are apart.
import { MethodChip } from "../../parts/badges";
import type { Study, StudyCell, StudyRow } from "../../service/types";
import { to } from "../../shell/address";
import { comparedWords, figureWords, missingWords, unit } from "./cell_words";

export function Measured({ study }: { study: Study }) {
  if (!study.rows.length) return null;
  const published = study.rows.some((row) => Object.values(row.cells).some((cell) => cell.published !== null));
  return (
    <section class="panel">
      <h2>{published ? "Measured beside published" : "Measured"}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of the study">
        <table class="measured">
          <caption>
            {unit(study.columns)}mean ± standard deviation over seeds (n){below(study, published)}.
          </caption>
          <thead>
            <tr><th scope="col">Method</th>{study.columns.map((column) => <th key={column.key} scope="col" class="number" title={column.metric}>{column.title}</th>)}</tr>
          </thead>
          <tbody>{study.rows.map((row, i) => <Row key={`${i} ${row.label}`} row={row} study={study} />)}</tbody>
        </table>
      </div>
      <ul class="notes small quiet">
        {published && study.comparable && <li>Within the noise: the published figure lies in the 95 % interval of our mean over its seeds (Student's). The published figure's own noise is not known and not in it.</li>}
        {study.notes.map((note) => <li key={note}>{note}</li>)}
      </ul>
    </section>
  );
}

function below(study: Study, published: boolean): string {
  if (!published) return "";
  const compared = study.comparable ? ", how far ours is from it, and whether that is within the noise of our seeds" : ", which is of other data and cannot be compared";
  return `; below, the published figure${compared}`;
}

function Row({ row, study }: { row: StudyRow; study: Study }) {
  return (
    <tr>
      <th scope="row"><span class="chips">{row.method && row.method !== row.label && <MethodChip name={row.method} />}<span>{row.label}</span></span></th>
      {study.columns.map((column) => <td key={column.key} class="number"><Cell cell={row.cells[column.key]} study={study} name={`${row.label}, ${column.title}`} /></td>)}
    </tr>
  );
}

function Cell({ cell, study, name }: { cell: StudyCell | undefined; study: Study; name: string }) {
  if (!cell) return <span class="quiet">–</span>;
  const figure = figureWords(cell);
  const job = study.jobs.find((each) => each.id === cell.job);
  const lacks = missingWords(cell, job?.state);
  const compared = comparedWords(cell, study.comparable);
  return (
    <div class="cell">
      <span>{job ? <a href={to(`/jobs/${job.id}`)} aria-label={`${name}: ${figure || job.state}`}>{figure || job.state}</a> : figure || "–"}</span>
      {cell.derived && <span class="quiet">{cell.derived.row} − {cell.derived.minus}</span>}
      {compared && <span class={cell.differs ? "differs" : "quiet"}>{compared}</span>}
      {lacks && <span class={lacks.bad ? "failed" : "quiet"}>{lacks.words}</span>}
    </div>
  );
}
