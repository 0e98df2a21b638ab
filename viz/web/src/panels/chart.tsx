import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { variable } from "../paint";
import type { State } from "../state";
import { useWidth } from "./use_width";

export interface Line {
  label: string;
  values: (number | null)[];
  color: string;
  dash?: number[];
  steps?: boolean;
  fill?: string;
}

/** A chart over the time of the run that follows the time bar: same stretch, same moment. */
export function Chart(props: { state: State; label: string; times: number[]; lines: Line[]; unit?: string; height?: number }) {
  const { state } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const width = useWidth(box, 1000);
  const [from, to] = state.window.value;
  const at = state.at.value;
  const theme = state.theme.value;
  useEffect(() => {
    const ink = variable("--ink");
    const grid = { stroke: variable("--line"), width: 1 };
    const stepped = uPlot.paths.stepped!({ align: 1 });
    const options: uPlot.Options = {
      width,
      height: props.height ?? 170,
      legend: { show: true, live: false },
      cursor: { drag: { x: false, y: false }, y: false },
      scales: { x: { time: false, range: () => state.window.peek().map((us) => us / 1e6) as [number, number] } },
      axes: [
        { stroke: ink, grid, values: (_, values) => values.map((value) => `${value}s`) },
        { stroke: ink, grid, size: 74, values: (_, values) => values.map((value) => `${value}${props.unit ?? ""}`) },
      ],
      series: [
        {},
        ...props.lines.map((line) => ({
          label: line.label,
          stroke: line.color,
          width: 2,
          dash: line.dash,
          fill: line.fill,
          paths: line.steps ? stepped : undefined,
          points: { show: false },
        })),
      ],
      hooks: {
        draw: [
          (chart) => {
            const place = chart.valToPos(state.at.peek() / 1e6, "x", true);
            const { left, top, height, width: wide } = chart.bbox;
            if (place < left || place > left + wide) return;
            chart.ctx.save();
            chart.ctx.strokeStyle = variable("--accent");
            chart.ctx.lineWidth = 2;
            chart.ctx.beginPath();
            chart.ctx.moveTo(place, top);
            chart.ctx.lineTo(place, top + height);
            chart.ctx.stroke();
            chart.ctx.restore();
          },
        ],
      },
    };
    const data = [props.times.map((us) => us / 1e6), ...props.lines.map((line) => line.values)] as uPlot.AlignedData;
    const chart = new uPlot(options, data, box.current!);
    chart.over.addEventListener("click", (event) => state.goTo(chart.posToVal(event.offsetX, "x") * 1e6));
    plot.current = chart;
    return () => chart.destroy();
  }, [width, theme, props.times, props.lines]);
  useEffect(() => plot.current?.redraw(false, true), [at]);
  useEffect(() => plot.current?.setScale("x", { min: from / 1e6, max: to / 1e6 }), [from, to]);
  return <div ref={box} class="chart" role="img" aria-label={props.label} />;
}
