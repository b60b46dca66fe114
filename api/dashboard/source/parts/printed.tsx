// A table that the service writes as text: choose LaTeX, Markdown or CSV, look at it, copy it, download it.
import { download, text } from "../service/http";
import { useReading } from "../service/resource";
import { query, setQuery } from "../shell/address";
import { Action } from "./action";
import { Shown } from "./states";

const FORMATS = { latex: ["LaTeX", "tex"], markdown: ["Markdown", "md"], csv: ["CSV", "csv"] } as const;
type Format = keyof typeof FORMATS;

export interface PrintedProperties {
  /** Where the service writes it, up to the format. */
  path: string;
  /** The file's name without its ending. */
  file: string;
  /** Changes when the text does. */
  version: string;
}

export function Printed({ path, file, version }: PrintedProperties) {
  const wanted = query.value.get("format") ?? "";
  const format: Format = wanted in FORMATS ? (wanted as Format) : "latex";
  const [title, ending] = FORMATS[format];
  const address = `${path}format=${format}`;
  const read = useReading(`${address} ${version}`, (signal) => text(address, signal), { keep: true });
  return (
    <>
      <div class="row">
        <div class="row" role="group" aria-label="Format">
          {(Object.keys(FORMATS) as Format[]).map((each) => <button key={each} type="button" aria-pressed={each === format} onClick={() => setQuery({ format: each === "latex" ? null : each })}>{FORMATS[each][0]}</button>)}
        </div>
        <Action primary act={async () => { await copied(await text(address)); return `Copied as ${title}.`; }}>Copy {title}</Action>
        <Action act={() => download(address, `${file}.${ending}`)}>Download</Action>
      </div>
      <Shown of={read} what="The table">{(written) => <pre tabIndex={0} aria-label={`The table as ${title}`}>{written}</pre>}</Shown>
    </>
  );
}

/** Copies; where the browser allows no clipboard (an address without https), by a selection. */
async function copied(written: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(written);
  const area = document.createElement("textarea");
  area.value = written;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("The browser does not let this page copy: select the text below and copy it by hand.");
}
