// The corollary as printed and as corrected, with where along the curve its condition is met.
import { number } from "../../parts/format";
import { Table } from "../../parts/table";
import type { TheoryCurve } from "../../service/types";
import { symbol, where } from "./words";

type Statement = TheoryCurve["statements"][number];

/** The letters of the paper in a statement of the service. */
export function lettered(text: string): string {
  return text
    .replaceAll("rho_plus", "ρ₊").replaceAll("rho_minus", "ρ₋").replaceAll("epsilon", "ε").replaceAll("Gamma", "Γ").replaceAll("eta", "η").replaceAll("sigma", "σ")
    .replaceAll("^2", "²").replaceAll(">=", "≥").replaceAll("<=", "≤").replaceAll(" - ", " − ").replaceAll("R(-1)", "R(−1)");
}

function windowOf(statement: Statement, place: number): string {
  const [low, high] = [statement.lower[place], statement.upper[place]];
  const from = low === undefined || low <= 0 ? "0" : low > 1e9 ? "beyond all" : number(low, 4);
  return `${from} to ${high === null || high === undefined ? "∞" : number(high, 4)}`;
}

export function Statements({ curve }: { curve: TheoryCurve }) {
  const rho = symbol(curve.parameter);
  const last = curve.closed_form.values.length - 1;
  const gamma = curve.settings.gamma;
  return (
    <>
      <Table
        caption={`Corollary ${curve.statements[0]?.corollary ?? ""}, as printed and as corrected`}
        shownCaption
        rows={curve.statements}
        rowKey={(statement) => `${statement.version} ${statement.about}`}
        columns={[
          { key: "version", title: "Version", cell: (statement) => <span class={statement.remark.startsWith("wrong") ? "failed" : undefined}>{statement.version}</span> },
          { key: "says", title: "says that", wide: true, cell: (statement) => lettered(statement.says) },
          { key: "condition", title: "if", wide: true, cell: (statement) => lettered(statement.condition) },
          { key: "met", title: `Met at ${rho}`, wide: true, cell: (statement) => where(curve.closed_form.values, statement.met) },
          { key: "window", title: "Γ must lie in", wide: true, hint: "At the beginning and at the end of the curve", cell: (statement) => (windowOf(statement, 0) === windowOf(statement, last) ? windowOf(statement, 0) : `${windowOf(statement, 0)}, at the end ${windowOf(statement, last)}`) },
          { key: "remark", title: "The condition is", wide: true, cell: (statement) => lettered(statement.remark) },
        ]}
      />
      <p class="quiet small note">Here Γ = {number(gamma)}. R(+1) and R(−1) are the errors of the tail and the head class without perturbation, at the threshold b* that the theorem gives.</p>
    </>
  );
}
