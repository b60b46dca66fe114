// Which data, how imbalanced, and the curve of what is trained on.
import { Counts } from "../../charts/counts";
import { named, parameters } from "../../service/catalog";
import type { Resource } from "../../service/resource";
import type { Catalog, Dataset, Entry } from "../../service/types";
import { Failure, Loading } from "../../parts/states";
import { to } from "../../shell/address";
import { plan, useErrors } from "./checking";
import { datasetName, draft, set, sweep } from "./draft";
import { PartFields, shown } from "./field";
import { More } from "./more";
import { read } from "./paths";

const MAIN = ["imbalance_factor", "imbalance_profile", "validation_fraction"];

/** What a data set's fields are: a built-in one's own, or those of every registered one. */
export function datasetEntry(name: string, catalog: Catalog, schema: unknown): Entry | undefined {
  const registered = read(schema, "$defs.Registered") as Record<string, unknown> | undefined;
  return named(catalog, "datasets", name) ?? (registered ? { name, title: name, citation: "", description: "", tasks: [], schema: registered } : undefined);
}

export function DatasetPart({ datasets, catalog, schema }: { datasets: Resource<Dataset[]>; catalog: Catalog; schema: unknown }) {
  const name = datasetName();
  const entry = datasetEntry(name, catalog, schema);
  return (
    <section class="panel" aria-labelledby="part-dataset">
      <h2 id="part-dataset">Data set</h2>
      <Choice datasets={datasets} catalog={catalog} name={name} />
      <PartFields part="dataset" entry={entry} only={MAIN} />
      <More title="All fields of the data set" below={Object.keys(parameters(entry)).filter((field) => !MAIN.includes(field)).map((field) => `dataset.${field}`)}>
        <PartFields part="dataset" entry={entry} without={MAIN} />
      </More>
      <Curve />
    </section>
  );
}

function Choice({ datasets, catalog, name }: { datasets: Resource<Dataset[]>; catalog: Catalog; name: string }) {
  const errors = useErrors(["dataset", "dataset.name"]);
  const items = datasets.value ?? [];
  const missing = items.filter((each) => !each.available);
  const title = (each: Dataset) => named(catalog, "datasets", each.name)?.title ?? each.name;
  const choose = (chosen: string) => {
    const { imbalance_factor: factor } = (draft.value.spec.dataset ?? {}) as Record<string, unknown>;
    set("dataset", { name: chosen, ...(factor === undefined ? {} : { imbalance_factor: factor }) });
  };
  return (
    <>
      <div class={errors.length ? "field wrong" : "field"}>
        <label for="dataset-name">Name</label>
        <select id="dataset-name" value={name} aria-describedby="dataset-said" aria-invalid={errors.length > 0 || undefined} onChange={(event) => choose(event.currentTarget.value)}>
          {!items.some((each) => each.name === name) && <option value={name}>{name || "choose one"}</option>}
          {items.map((each) => (
            <option key={each.name} value={each.name} disabled={!each.available && each.name !== name}>
              {title(each)}{each.available ? "" : ": not on this machine"}
            </option>
          ))}
        </select>
        <div id="dataset-said">{errors.map((error) => <p key={error.message} class="errors" role="alert">{error.message}</p>)}</div>
      </div>
      {datasets.error && !datasets.value && <Failure error={datasets.error} what="The list of data sets" again={datasets.refresh} />}
      {!datasets.value && !datasets.error && <Loading what="the data sets" />}
      {missing.length > 0 && (
        <details class="more">
          <summary class="small">{missing.length} not on this machine: what goes where</summary>
          <dl class="missing small">
            {missing.map((each) => (
              <div key={each.name}>
                <dt><a href={to(`/datasets/${encodeURIComponent(each.name)}`)}>{title(each)}</a></dt>
                <dd class="quiet">{each.message}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </>
  );
}

function Curve() {
  const right = plan.value;
  if (!right || right.class_counts.length < 2) return null;
  const swept = shown(Object.keys(sweep()).filter((path) => path.startsWith("dataset")));
  return <Counts title={`Training examples by class${swept ? ", first value of the sweep" : ""}`} classes={right.classes} counts={right.class_counts} height={230} />;
}
