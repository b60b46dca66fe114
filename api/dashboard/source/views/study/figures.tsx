// The figures of a study, drawn by the service of each of its jobs as the paper has them.
import { useEffect, useState } from "preact/hooks";
import { Action } from "../../parts/action";
import { Empty, Shown } from "../../parts/states";
import { download, text } from "../../service/http";
import { useReading } from "../../service/resource";
import type { Study } from "../../service/types";
import { to } from "../../shell/address";

export function Figures({ study }: { study: Study }) {
  if (!study.figure) return null;
  const drawn = study.jobs.filter((job) => job.progress > 0);
  return (
    <section class="panel">
      <h2>Figures</h2>
      {!drawn.length && <Empty>They come with the first epoch.</Empty>}
      <div class="columns">
        {drawn.map((job) => <Figure key={job.id} kind={study.figure as string} job={job} />)}
      </div>
    </section>
  );
}

function Figure({ kind, job }: { kind: string; job: Study["jobs"][number] }) {
  const path = `/v1/jobs/${job.id}/figures/${kind}`;
  const name = job.name || job.id;
  const drawn = useReading(`${path} ${job.state} ${job.progress}`, (signal) => text(`${path}.svg`, signal), { keep: true });
  return (
    <figure class="drawn">
      <Shown of={drawn} what={`The figure of ${name}`}>{(svg) => <Picture svg={svg} name={`${kind.replaceAll("-", " ")} of ${name}`} />}</Shown>
      <figcaption class="row small">
        <a href={to(`/jobs/${job.id}`, { tab: kind === "loss-variation" ? "variation" : null })}>{name}</a>
        <Action act={() => download(`${path}.pdf`, `${job.id}-${kind}.pdf`)}>PDF</Action>
        <Action act={() => download(`${path}.svg`, `${job.id}-${kind}.svg`)}>SVG</Action>
      </figcaption>
    </figure>
  );
}

function Picture({ svg, name }: { svg: string; name: string }) {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [svg]);
  return address ? <img src={address} alt={`Figure: ${name}; its numbers are on the job's page`} /> : null;
}
