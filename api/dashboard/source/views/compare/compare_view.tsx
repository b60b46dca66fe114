import { query } from "../../shell/address";
import { Confusion } from "../confusion/confusion";
export default function CompareView() {
  const runs = query.value.getAll("run");
  return <><h1>x</h1><section class="panel"><Confusion run={runs[0] ?? ""} other={runs[1] ?? null} name="LPL" otherName="CE" level={2} /></section></>;
}
