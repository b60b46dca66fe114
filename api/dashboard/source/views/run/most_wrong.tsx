// The test examples that the run gets most wrong: of all classes, or of one that is chosen.
import { percent } from "../../parts/format";
import { ENDED } from "../../parts/run_states";
import { Shown } from "../../parts/states";
import { Table } from "../../parts/table";
import { Problem, get } from "../../service/http";
import { useReading, useResource } from "../../service/resource";
import type { MostWrong as Answer, Run, ShownExamples, WrongExample } from "../../service/types";
import { query, setQuery } from "../../shell/address";
import { ofRun } from "./run_data";

const NOTHING: Answer = { classes: [], epoch: 0, examples: [] };
const MOST_OF_ALL = 10;

export function MostWrong({ run }: { run: Run }) {
  const question = ENDED.includes(run.state) ? `${run.id} most wrong` : null;
  const read = useReading(question, (signal) => examplesOf(run, signal), { about: ofRun(run.id, "state") });
  if (!question || read.value === NOTHING) return null;
  return <section class="panel"><Shown of={read} what="The list of examples">{(value) => <Listed run={run} value={value} />}</Shown></section>;
}

/** Runs on multi-label data and those of earlier versions have none. */
async function examplesOf(run: Run, signal: AbortSignal): Promise<Answer> {
  try {
    const answer = await get<Answer>(`/v1/runs/${run.id}/most-wrong`, signal);
    return answer.examples.length ? answer : NOTHING;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return NOTHING;
    throw error;
  }
}

function Listed({ run, value }: { run: Run; value: Answer }) {
  const chosen = query.value.get("wrong") ?? "";
  const name = (place: number) => value.classes[place] ?? String(place);
  const rows = examples(value, chosen);
  const pictures = useResource<ShownExamples>(`/v1/runs/${run.id}/test-examples?${rows.map((each) => `index=${each.index}`).join("&")}`);
  const pictureOf = new Map(pictures.value?.examples.map((each) => [each.index, each.image]));
  return (
    <>
      <div class="row spread">
        <h2>Most wrong on the test set</h2>
        <label class="field">
          True class
          <select value={chosen} onChange={(event) => setQuery({ wrong: event.currentTarget.value })}>
            <option value="">all classes</option>
            {classesOf(value).map((place) => <option key={place} value={place}>{name(place)}</option>)}
          </select>
        </label>
      </div>
      <Table
        caption="Test examples with the lowest probability of their class" rows={rows} rowKey={(each) => String(each.index)}
        columns={[
          { key: "index", title: "Example", cell: (each) => <Example place={each.index} image={pictureOf.get(each.index)} is={name(each.true)} />, hint: "Place in the test split, from 0" },
          { key: "true", title: "Is", cell: (each) => name(each.true) },
          { key: "predicted", title: "Taken for", cell: (each) => (each.predicted === each.true ? "itself" : name(each.predicted)) },
          { key: "probability", title: "Probability of that", number: true, cell: (each) => percent(each.probability), hint: "Probability of the predicted class" },
          { key: "own", title: "Of its own class", number: true, cell: (each) => percent(each.true_probability), hint: "Probability of the true class" },
        ]}
      />
      {pictures.error && <p class="quiet">The examples themselves cannot be shown: {pictures.error.message}</p>}
      <p class="quiet">{chosen ? "The five with the highest loss of this class." : `The ${MOST_OF_ALL} with the highest loss of all classes.`}</p>
    </>
  );
}

function Example({ place, image, is }: { place: number; image: string | null | undefined; is: string }) {
  return <span class="example">{image && <img src={image} alt={`Test example ${place}, which is ${is}`} width="64" height="64" />}{place}</span>;
}

const classesOf = (value: Answer): number[] => [...new Set(value.examples.map((each) => each.true))];

function examples(value: Answer, chosen: string): WrongExample[] {
  if (chosen) return value.examples.filter((each) => String(each.true) === chosen);
  return [...value.examples].sort((a, b) => (a.true_probability ?? 0) - (b.true_probability ?? 0)).slice(0, MOST_OF_ALL);
}
