// How far each trial has come: a bar up to its last rung, by how it stands.
import { Chart, type ChartProperties, type Opacity, type Option } from "./chart";
import { type Ink, axis, hover, hoverBox } from "./ink";

export interface Climber {
  key: string;
  rung: number;
  state: string;
  value: string;
}

export interface RungsProperties extends Pick<ChartProperties, "title" | "height" | "level" | "summary"> {
  climbers: Climber[];
  /** "5 epochs" of each rung, the first one first. */
  rungs: string[];
  /** States in the order of the legend, with what they are called and the colour's name. */
  states: { key: string; title: string; colours: { light: string; dark: string } }[];
  scheme: "light" | "dark";
}

export function Rungs(properties: RungsProperties) {
  const { climbers, rungs, states } = properties;
  const there = states.filter((state) => climbers.some((each) => each.state === state.key));
  const series = there.map((state) => ({ name: state.title, style: { colour: state.colours[properties.scheme], dash: "solid" as const, symbol: "rect" } }));
  const option = (ink: Ink, opacity: Opacity): Option => ({
    grid: { left: 86, right: 18, top: 16, bottom: 46 },
    tooltip: { ...hoverBox(ink), trigger: "axis", axisPointer: { type: "shadow" }, formatter: (items: any) => told(climbers[items[0]?.dataIndex], properties) },
    xAxis: { type: "category", data: climbers.map((each) => each.key), ...axis(ink, "trial", false, 28) },
    yAxis: { type: "value", min: 0, max: rungs.length, interval: 1, ...axis(ink, "", true, 0), axisLabel: { color: ink.quiet, fontSize: 12, formatter: (rung: number) => rungs[rung - 1] ?? "" } },
    series: there.map((state) => ({
      id: state.key, name: state.title, type: "bar", stack: "rungs", color: state.colours[ink.scheme], itemStyle: { opacity: opacity(state.title) }, barCategoryGap: "20%", emphasis: { disabled: true },
      data: climbers.map((each) => (each.state === state.key ? each.rung : null)),
    })),
  });
  const table = () => ({ header: ["trial", "rung", "epochs", "state", "value"], rows: climbers.map((each) => [each.key, each.rung, rungs[each.rung - 1] ?? "", titleOf(each, properties), each.value]) });
  return <Chart {...properties} series={series} option={option} table={table} />;
}

const titleOf = (climber: Climber, { states }: RungsProperties) => states.find((state) => state.key === climber.state)?.title ?? climber.state;

function told(climber: Climber | undefined, properties: RungsProperties): HTMLElement {
  if (!climber) return hover("", []);
  return hover(`trial ${climber.key}`, [
    { name: "rung", value: climber.rung ? `${climber.rung} of ${properties.rungs.length} (${properties.rungs[climber.rung - 1]})` : "none yet" },
    { name: "state", value: titleOf(climber, properties) },
    { name: "value", value: climber.value },
  ]);
}
