import { useRef } from "preact/hooks";
import { ticks } from "d3-array";
import { scaleLinear } from "d3-scale";
import { duration, time } from "../format";
import { hatches } from "../paint";
import type { Milestone } from "../run";
import type { State } from "../state";
import { useWidth } from "./use_width";

const height = 88;
const lane = { faults: 4, events: 30, marks: 58, axis: 76 };

/** Signs of milestones worth a mark: each its own shape, so that colour only repeats it. */
const marks: Record<string, { sign: string; words: string; tone: string }> = {
  crash: { sign: "✖", words: "crash", tone: "bad" },
  pfail: { sign: "?", words: "first PFAIL", tone: "warn" },
  fail: { sign: "!", words: "FAIL", tone: "bad" },
  "election-started": { sign: "◇", words: "election begins", tone: "info" },
  promoted: { sign: "◆", words: "promoted", tone: "good" },
  demoted: { sign: "▽", words: "steps down", tone: "info" },
  restart: { sign: "↻", words: "boots again", tone: "info" },
  converged: { sign: "✓", words: "all views agree", tone: "good" },
};

function density(state: State, from: number, to: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const add = (at: number, weight: number) => {
    const bin = Math.floor(((at - from) / (to - from)) * bins);
    if (bin >= 0 && bin < bins) counts[bin]! += weight;
  };
  for (const event of state.run.events) add(event.at, 1);
  for (const message of state.run.messages) add(message.sent, 0.2);
  return counts;
}

function visibleMarks(state: State, x: (at: number) => number, width: number): Milestone[] {
  const shown: Milestone[] = [];
  const last = new Map<string, number>();
  for (const milestone of state.run.milestones) {
    const mark = marks[milestone.name];
    const place = x(milestone.at);
    if (mark === undefined || !milestone.notable || place < 0 || place > width) continue;
    if (place - (last.get(milestone.name) ?? -99) < 8) continue;
    last.set(milestone.name, place);
    shown.push(milestone);
  }
  return shown;
}

export function TimeBar({ state }: { state: State }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, 1200);
  const { run } = state;
  const [from, to] = state.window.value;
  const at = state.at.value;
  const scale = scaleLinear([from, to], [0, width]);
  const x = (us: number) => scale(us);
  const moment = (clientX: number) => scale.invert(clientX - (box.current?.getBoundingClientRect().left ?? 0));
  const bins = density(state, from, to, Math.max(10, Math.floor(width / 4)));
  const most = Math.max(1, ...bins);
  const kinds = [...new Set(run.document.faults.map((fault) => fault.kind))];

  const drag = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const target = event.currentTarget as HTMLElement;
    target.setPointerCapture(event.pointerId);
    state.goTo(moment(event.clientX));
  };
  const move = (event: PointerEvent) => {
    if ((event.currentTarget as HTMLElement).hasPointerCapture(event.pointerId)) state.goTo(moment(event.clientX));
  };
  return (
    <div class="time" data-testid="time-bar">
      <div class="time-tools">
        <button type="button" aria-label="Previous milestone" onClick={() => state.stepMilestone(-1)}>
          |◂
        </button>
        <button type="button" aria-label="Previous event" onClick={() => state.stepEvent(-1)}>
          ◂
        </button>
        <button
          type="button"
          aria-label={state.playing.value ? "Stop" : "Play"}
          aria-pressed={state.playing.value}
          onClick={() => void (state.playing.value = !state.playing.value)}
        >
          {state.playing.value ? "❚❚" : "▶"}
        </button>
        <button type="button" aria-label="Next event" onClick={() => state.stepEvent(1)}>
          ▸
        </button>
        <button type="button" aria-label="Next milestone" onClick={() => state.stepMilestone(1)}>
          ▸|
        </button>
        <span class="now" data-testid="now">
          t = {time(at)}
        </span>
        <label>
          <span class="unseen">Speed of playing</span>
          <select
            value={String(state.speed.value)}
            onChange={(event) => void (state.speed.value = Number(event.currentTarget.value))}
          >
            {[...new Set([0.1, 0.5, 1, 2, 5, 10, 100, state.speed.value])]
              .sort((a, b) => a - b)
              .map((speed) => (
                <option key={speed} value={String(speed)}>
                  {speed}×
                </option>
              ))}
          </select>
        </label>
        <span class="spacer" />
        {state.violations.length > 0 && (
          <button type="button" class="danger" data-testid="jump" onClick={state.nextViolation}>
            ✗ Jump to violation
          </button>
        )}
        <button type="button" aria-label="Zoom in" onClick={() => state.zoom(0.5)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => state.zoom(2)}>
          −
        </button>
        <button type="button" onClick={() => void (state.window.value = [run.start, run.end])}>
          Whole run
        </button>
      </div>
      <div
        ref={box}
        class="time-strip"
        role="slider"
        tabIndex={0}
        aria-label="Moment of the run"
        aria-valuemin={run.start / 1e6}
        aria-valuemax={run.end / 1e6}
        aria-valuenow={at / 1e6}
        aria-valuetext={time(at)}
        onPointerDown={drag}
        onPointerMove={move}
        onWheel={(event) => {
          event.preventDefault();
          state.zoom(event.deltaY < 0 ? 0.8 : 1.25, moment(event.clientX));
        }}
      >
        <svg width={width} height={height} aria-hidden="true">
          <Hatches />
          {run.document.faults.map((fault) => {
            const left = Math.max(-2, x(fault.began));
            const right = Math.min(width + 2, x(Math.max(fault.ended, fault.began)));
            if (right < 0 || left > width) return null;
            const hatch = hatches[kinds.indexOf(fault.kind) % hatches.length]!;
            return (
              <g key={fault.id} class="fault">
                <rect x={left} y={0} width={Math.max(2, right - left)} height={lane.axis} fill={`url(#${hatch})`} />
                <rect x={left} y={0} width={Math.max(2, right - left)} height={lane.axis} class="fault-edge" />
                {right - left > 60 && (
                  <text x={Math.max(2, left + 3)} y={lane.faults + 11} class="fault-name">
                    {clip(`${fault.kind}: ${fault.text}`, (right - Math.max(0, left)) / 6.6)}
                  </text>
                )}
                <title>{`${fault.text} (${time(fault.began)} – ${time(fault.ended)}, ${duration(fault.ended - fault.began)})`}</title>
              </g>
            );
          })}
          {bins.map((count, i) =>
            count === 0 ? null : (
              <rect
                key={i}
                class="density"
                x={(i * width) / bins.length}
                width={Math.max(1, width / bins.length - 1)}
                y={lane.events + 24 - 22 * Math.sqrt(count / most)}
                height={22 * Math.sqrt(count / most)}
              />
            ),
          )}
          {visibleMarks(state, x, width).map((milestone, i) => {
            const mark = marks[milestone.name]!;
            return (
              <text key={i} class={`mark ${mark.tone}`} x={x(milestone.at)} y={lane.marks + 8}>
                {mark.sign}
                <title>{`${time(milestone.at)}: ${milestone.text}`}</title>
              </text>
            );
          })}
          {state.violations.map((one, i) => (
            <g key={i} class="violation" transform={`translate(${x(one.at)} 0)`}>
              <line y1={18} y2={lane.axis} />
              <text y={28}>✗</text>
            </g>
          ))}
          {ticks(from / 1e6, to / 1e6, Math.max(2, Math.floor(width / 110))).map((second) => (
            <g key={second} class="tick" transform={`translate(${x(second * 1e6)} 0)`}>
              <line y1={lane.axis - 4} y2={lane.axis} />
              <text y={height - 1}>{Number(second.toFixed(4))}s</text>
            </g>
          ))}
          <line x1={0} x2={width} y1={lane.axis} y2={lane.axis} class="axis" />
          <g class="scrubber" transform={`translate(${x(at)} 0)`}>
            <line y1={0} y2={lane.axis} />
            <path d="M-6 0 H6 L0 8 Z" />
          </g>
        </svg>
      </div>
      <p class="legend" aria-hidden="true">
        {Object.values(marks).map((mark) => (
          <span key={mark.words}>
            <b class={`mark ${mark.tone}`}>{mark.sign}</b> {mark.words}
          </span>
        ))}
        {state.violations.length > 0 && (
          <span>
            <b class="mark bad">✗</b> violation
          </span>
        )}
        {kinds.length > 0 && <span>▨ a fault is in force</span>}
      </p>
    </div>
  );
}

function clip(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, Math.max(1, Math.floor(characters) - 1))}…`;
}

function Hatches() {
  return (
    <defs>
      <pattern id="diagonal" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="2" height="7" class="hatch" />
      </pattern>
      <pattern id="dots" width="7" height="7" patternUnits="userSpaceOnUse">
        <circle cx="2" cy="2" r="1.4" class="hatch" />
      </pattern>
      <pattern id="cross" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="1" height="8" class="hatch" />
        <rect width="8" height="1" class="hatch" />
      </pattern>
      <pattern id="vertical" width="6" height="6" patternUnits="userSpaceOnUse">
        <rect width="2" height="6" class="hatch" />
      </pattern>
      <pattern id="horizontal" width="6" height="6" patternUnits="userSpaceOnUse">
        <rect width="6" height="2" class="hatch" />
      </pattern>
    </defs>
  );
}
