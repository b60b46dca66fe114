// Write an experiment by form or text, see what it would run as one writes, and submit it.
import { Failure, Loading } from "../../parts/states";
import { named, useCatalog } from "../../service/catalog";
import { useResource } from "../../service/resource";
import type { Catalog, Dataset } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { useDatasets } from "../datasets/listing";
import { complete, useChecking } from "./checking";
import { DatasetPart } from "./dataset_part";
import { datasetName } from "./draft";
import { MethodPart } from "./method_part";
import { read } from "./paths";
import { Plan } from "./plan";
import { Sent } from "./sent";
import { Source, useSource } from "./source";
import { TextPart } from "./text_part";
import { NetworkPart, RunningPart, TrainingPart } from "./training_part";
import { VariationPart } from "./variation_part";

export default function SubmitView() {
  const catalog = useCatalog();
  const schema = useResource<Record<string, unknown>>("/v1/schema/experiment");
  const datasets = useDatasets();
  const problem = useSource(catalog.value);
  const check = useChecking();
  const onText = query.value.get("tab") === "text";
  const failed = catalog.error ?? schema.error;
  if (!catalog.value || !schema.value) {
    return (
      <>
        <h1>Submit an experiment</h1>
        {failed ? <Failure error={failed} what="The catalogue" again={() => { catalog.refresh(); schema.refresh(); }} /> : <Loading what="the catalogue" />}
      </>
    );
  }
  const task = taskOf(catalog.value, datasets.value ?? []);
  return (
    <>
      <h1>Submit an experiment</h1>
      <Source catalog={catalog.value} problem={problem} />
      <div class="submit">
        <div class="writing">
          <div class="row kinds" role="group" aria-label="Write it">
            <button type="button" aria-pressed={!onText} onClick={() => setQuery({ tab: null })}>Form</button>
            <button type="button" aria-pressed={onText} onClick={() => setQuery({ tab: "text" })}>YAML / JSON</button>
          </div>
          {onText ? (
            <TextPart />
          ) : (
            <form onSubmit={(event) => event.preventDefault()}>
              <DatasetPart datasets={datasets} catalog={catalog.value} schema={schema.value} />
              <MethodPart catalog={catalog.value} task={task} />
              <NetworkPart catalog={catalog.value} />
              <TrainingPart catalog={catalog.value} schema={schema.value} />
              <VariationPart schema={schema.value} />
              <RunningPart schema={schema.value} />
            </form>
          )}
        </div>
        <aside class="sent" aria-label="What will run and what is sent">
          <Plan check={check} onText={onText} />
          <Sent />
        </aside>
      </div>
    </>
  );
}

/** Whether the data have one label each or several. */
function taskOf(catalog: Catalog, datasets: Dataset[]): string {
  const name = datasetName();
  const loss = read(complete.value, "method.loss.name");
  const task = datasets.find((each) => each.name === name)?.task ?? named(catalog, "datasets", name)?.tasks[0];
  const losses = named(catalog, "losses", loss)?.tasks;
  return task ?? (losses?.length === 1 ? (losses[0] as string) : "single_label");
}
