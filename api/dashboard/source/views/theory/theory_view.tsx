// The paper's theorems: what bounded perturbations do to the errors of a rare and a frequent class.
import { ErrorCurves } from "../../charts/errors";
import { number } from "../../parts/format";
import { Shown } from "../../parts/states";
import { Problem } from "../../service/http";
import { useResource } from "../../service/resource";
import type { Theory, TheoryCurve } from "../../service/types";
import { to } from "../../shell/address";
import { SETTINGS, Sliders, asked } from "./settings";
import { Statements } from "./statements";
import { HEAD, TAIL, TELLINGS, bounded, sentences, stretches, symbol } from "./words";

export default function TheoryView({ theorem }: { theorem: string }) {
  return theorem in TELLINGS ? <Theorem key={theorem} theorem={theorem} /> : <Overview />;
}

function Setup() {
  return (
    <p>
      Two classes are clouds of examples around −η and +η in d dimensions: a frequent one, the {HEAD}, with Γ examples for each of a rare one, the {TAIL}. A linear classifier has one thing to choose, its threshold. Perturbing logits by at most ε in training moves the best threshold; the theorems say where to, and so which class errs more and which less.
    </p>
  );
}

function Places({ theorem }: { theorem: string }) {
  return (
    <nav aria-label="Theorems" class="row theorems">
      <a href="#/theory" aria-current={theorem ? undefined : "page"}>Overview</a>
      {Object.entries(TELLINGS).map(([each, { figures }]) => (
        <a key={each} href={to(`/theory/${each}`, Object.fromEntries(asked(each).filter(([name]) => name !== "variance_ratio")))} aria-current={each === theorem ? "page" : undefined}>Theorem {each} ({figures})</a>
      ))}
    </nav>
  );
}

function Overview() {
  return (
    <>
      <h1>Theory</h1>
      <Places theorem="" />
      <Setup />
      <div class="columns three">
        {Object.entries(TELLINGS).map(([theorem, { title, figures, does, says }]) => (
          <section key={theorem} class="panel">
            <h2><a href={`#/theory/${theorem}`}>{title}</a></h2>
            <p class="quiet small">{figures}</p>
            <p>{does}</p>
            <p>{says}</p>
          </section>
        ))}
      </div>
      <p class="quiet">The theorems are about the 0-1 error of a fixed direction with a free threshold, not about the loss that is trained. Some corollaries are printed with conditions that are not right; each page shows them as printed and as corrected.</p>
    </>
  );
}

function Theorem({ theorem }: { theorem: string }) {
  const telling = TELLINGS[theorem]!;
  const changes = new URLSearchParams(asked(theorem)).toString();
  const read = useResource<Theory>(`/v1/theory/${theorem}${changes ? `?${changes}` : ""}`, { keep: true });
  const curves = read.value?.curves ?? [];
  const figures = Object.fromEntries(SETTINGS.map(({ name }) => [name, curves.flatMap((curve) => curve.settings[name] ?? [])]));
  const errors = read.error instanceof Problem ? read.error.errors : [];
  return (
    <>
      <h1>{telling.title}</h1>
      <Places theorem={theorem} />
      <div class="theory">
        <div>
          <Sliders theorem={theorem} figures={figures} errors={errors} />
          <section class="panel">
            <h2>In words</h2>
            <Setup />
            <p>{telling.does}</p>
            <p><strong>{telling.says}</strong></p>
          </section>
        </div>
        <div>
          <Shown of={read} what="The theorem">{() => <>{curves.map((curve) => <Figure key={curve.figure} curve={curve} busy={read.loading} />)}</>}</Shown>
        </div>
      </div>
    </>
  );
}

function Figure({ curve, busy }: { curve: TheoryCurve; busy: boolean }) {
  const rho = symbol(curve.parameter);
  const shaded = stretches(curve);
  const lines = sentences(curve);
  return (
    <section class="panel" aria-busy={busy}>
      <ErrorCurves
        title={`Fig. ${curve.figure}: errors as the bound of the ${bounded(curve.parameter)} grows`} level={2} summary={lines.join(" ")}
        xTitle={`${rho}, bound of the ${bounded(curve.parameter)} in units of ε`} names={{ minority: `R(+1), ${TAIL}`, majority: `R(−1), ${HEAD}`, total: "R, all examples" }}
        curve={curve.closed_form} drawn={curve.monte_carlo} shaded={shaded} height={340}
      />
      {shaded.map((each) => <p key={each.from} class="small shaded">Shaded, {rho} from {number(each.from, 3)} to {number(each.to, 3)}: {each.reason}.</p>)}
      {lines.map((line) => <p key={line}>{line}</p>)}
      <p class="quiet small">Lines: the closed form. Points: classifiers tried on drawn examples, without using the formulas.</p>
      <Statements curve={curve} />
    </section>
  );
}
