// How much each parameter matters, as far as so few trials can say.
import { number, percent } from "../../parts/format";
import { Table } from "../../parts/table";
import { FEWEST_TRIALS, type Importance, importances } from "./importance";
import { type Searching, measured } from "./reading";

const FEW = 30;

export function Importances({ search }: { search: Searching }) {
  const found = importances(search);
  const count = measured(search.trials).length;
  return (
    <section class="panel">
      <h2>Importance of the parameters</h2>
      {count < FEWEST_TRIALS ? <p class="quiet">{FEWEST_TRIALS} trials with a value are needed to say anything; there are {count}.</p> : <Listed found={found} better={search.metric.lower ? "lower" : "higher"} />}
      <p class="quiet small note">
        Explained: the share of the variance of the trials' ranks that the means of one parameter's values explain alone (of numbers: of {4} bins of about as many trials), less what as many bins explain of noise (epsilon squared).
        It sees no interactions, and a sampler that has settled makes what it keeps still look unimportant.{count >= FEWEST_TRIALS && count < FEW && ` From ${count} trials it is a hint, not more.`}
      </p>
    </section>
  );
}

function Listed({ found, better }: { found: Importance[]; better: string }) {
  return (
    <Table
      caption="Importance of the parameters" rows={found} rowKey={({ parameter }) => parameter.field}
      columns={[
        { key: "name", title: "Parameter", wide: true, cell: ({ parameter }) => <span title={parameter.field}>{parameter.name}</span> },
        { key: "explained", title: "Explained", number: true, cell: ({ explained }) => (explained === null ? "too few" : <span class="row end"><meter min={0} max={1} value={explained} aria-hidden="true" /> {percent(explained, 0)}</span>) },
        { key: "correlation", title: "Rank correlation", number: true, hint: `Spearman's, with how good a trial is: above zero larger values are better (${better} metric)`, cell: ({ correlation }) => (correlation === null ? "–" : number(Number(correlation.toFixed(2)))) },
        { key: "trials", title: "Trials", number: true, cell: ({ trials }) => trials },
      ]}
    />
  );
}
