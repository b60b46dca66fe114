// A new study: a table or figure of the paper, the best method for a data set, or experiments of one's own choice.
import { Failure, Loading } from "../../parts/states";
import { useCatalog } from "../../service/catalog";
import { query, setQuery } from "../../shell/address";
import { BestMethodForm } from "./best_method_form";
import { OwnJobsForm } from "./own_jobs_form";
import { PresetForm } from "./preset_form";

const KINDS: [string, string][] = [["preset", "A table or figure of the paper"], ["best", "The best method for my data"], ["jobs", "Experiments of my choice"]];

export default function NewStudyView() {
  const catalog = useCatalog();
  const asked = query.value.get("kind") ?? "";
  const kind = KINDS.some(([key]) => key === asked) ? asked : "preset";
  return (
    <>
      <h1>New study</h1>
      <div class="row kinds" role="group" aria-label="Kind of study">
        {KINDS.map(([key, title]) => <button key={key} type="button" aria-pressed={key === kind} onClick={() => setQuery({ kind: key === "preset" ? null : key })}>{title}</button>)}
      </div>
      {kind === "best" && <BestMethodForm />}
      {kind === "jobs" && <OwnJobsForm />}
      {kind === "preset" && (catalog.value ? <PresetForm catalog={catalog.value} /> : catalog.error ? <Failure error={catalog.error} what="The catalogue" again={catalog.refresh} /> : <Loading what="the catalogue" />)}
    </>
  );
}
