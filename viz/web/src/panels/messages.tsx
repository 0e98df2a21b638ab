import { useMemo, useRef } from "preact/hooks";
import { between, causalPast } from "../causes";
import { duration, time } from "../format";
import { roomyMax } from "../layout";
import { machineName, type Message } from "../run";
import type { State } from "../state";
import { Panel } from "./panel";
import { useWidth } from "./use_width";

const drawn = 500;
const listed = 60;
const gutter = 64;
const isHeartbeat = (message: Message) => message.label === "PING" || message.label === "PONG";
const spans = [2_000, 20_000, 200_000, 2_000_000, 20_000_000];

/** The narrowest that shows a message that is no heartbeat: a round of votes takes a millisecond, and silence long. */
function fittingSpan(messages: readonly Message[], at: number): number {
  const near = (span: number) => between(messages, at - span, at + span).some((message) => !isHeartbeat(message));
  return spans.slice(0, -1).find(near) ?? spans[2]!;
}

export function Messages({ state }: { state: State }) {
  const { run } = state;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, 1100);
  const at = state.at.value;
  const span = state.span.value === 0 ? fittingSpan(run.messages, at) : state.span.value;
  const [from, to] = [at - span, at + span];
  const chosen = state.message.value === null ? null : (run.messages[state.message.value] ?? null);
  const subject = chosen !== null ? { machine: chosen.to, at: chosen.arrived ?? chosen.sent } : state.node.value !== null ? { machine: state.node.value, at } : null;
  const past = useMemo(
    () => (subject === null ? new Set<number>() : causalPast(run.messages, subject.machine, subject.at)),
    [run, subject?.machine, subject?.at],
  );
  const seen = between(run.messages, from, to).filter(
    (message) =>
      (state.heartbeats.value || !isHeartbeat(message)) && (state.only.value === "all" || past.has(message.index)),
  );
  const shown = seen.slice(0, drawn);
  const lanes = run.servers.filter((machine) => run.servers.length <= roomyMax || shown.some((one) => one.from === machine || one.to === machine));
  const laneHeight = lanes.length > roomyMax ? 13 : 34;
  const lane = new Map(lanes.map((machine, i) => [machine, i]));
  const y = (machine: number) => (lane.get(machine) ?? 0) * laneHeight + 18;
  const x = (us: number) => gutter + ((us - from) / (to - from)) * (width - gutter);
  const height = lanes.length * laneHeight + 14;
  const milestones = run.milestones.filter((one) => one.at >= from && one.at <= to && lane.has(one.by >= 0 ? one.by : one.machine));
  const hidden = seen.length - shown.length;
  const leftOut = run.document.messages.left_out;
  const nearest = (direction: 1 | -1) => {
    const rest = run.messages.filter((one) => !isHeartbeat(one));
    const next = direction > 0 ? rest.find((one) => one.sent > to) : rest.findLast((one) => one.sent < from);
    if (next !== undefined) state.goTo(next.sent, `${time(next.sent)}: ${next.label}`);
  };
  return (
    <Panel
      id="messages"
      wide
      title={`Bus messages ${duration(span)} around ${time(at)}`}
      note={
        subject === null
          ? "A line a server, time to the right; an ✕ ends a message that never arrived. Select a message, or a server, to see what may have caused it."
          : `Thick: the causal past of ${chosen !== null ? `this ${chosen.label}` : machineName(run, subject.machine)} at ${time(subject.at)}, what can have had a part in it.`
      }
      tools={
        <>
          <label>
            around the moment{" "}
            <select
              value={String(state.span.value)}
              onChange={(event) => void (state.span.value = Number(event.currentTarget.value))}
            >
              <option value="0">± as fits ({duration(span)})</option>
              {spans.map((one) => (
                <option key={one} value={String(one)}>
                  ± {duration(one)}
                </option>
              ))}
            </select>
          </label>
          <label>
            <input
              type="checkbox"
              data-testid="heartbeats"
              checked={state.heartbeats.value}
              onChange={(event) => void (state.heartbeats.value = event.currentTarget.checked)}
            />{" "}
            PING and PONG
          </label>
          <label>
            <input
              type="checkbox"
              data-testid="only-past"
              checked={state.only.value === "past"}
              disabled={subject === null}
              onChange={(event) => void (state.only.value = event.currentTarget.checked ? "past" : "all")}
            />{" "}
            causal past only
          </label>
          <button type="button" onClick={() => nearest(-1)}>
            ◂ earlier
          </button>
          <button type="button" onClick={() => nearest(1)}>
            later ▸
          </button>
        </>
      }
    >
      <div ref={box} class="scroll">
        <svg width={width} height={height} class="sequence" role="img" aria-label="Messages between servers; the table below lists them">
          {lanes.map((machine) => (
            <g key={machine}>
              <text x={2} y={y(machine) + 4}>
                {machineName(run, machine)}
              </text>
              <line class="lane" x1={gutter} x2={width} y1={y(machine)} y2={y(machine)} />
            </g>
          ))}
          <line class="at" x1={x(at)} x2={x(at)} y1={0} y2={height} />
          {shown.map((message) => {
            const [x1, y1] = [x(message.sent), y(message.from)];
            const lost = message.arrived === null;
            const [x2, y2] = lost ? [x1 + 14, y1 + (y(message.to) > y1 ? 14 : -14)] : [x(message.arrived!), y(message.to)];
            const classes = ["message", past.has(message.index) ? "past" : "", lost ? "lost" : "", message.index === chosen?.index ? "chosen" : "", isHeartbeat(message) ? "heartbeat" : ""];
            return (
              <g key={message.index} class={classes.join(" ")} onClick={() => void (state.message.value = message.index)}>
                <line x1={x1} y1={y1} x2={x2} y2={y2} />
                <line class="target" x1={x1} y1={y1} x2={x2} y2={y2} />
                {lost ? <text x={x2} y={y2 + 4} class="x">✕</text> : <circle cx={x2} cy={y2} r={2.6} />}
                {!isHeartbeat(message) && lanes.length <= roomyMax && (
                  <text x={x1 + 4} y={y1 + (y2 > y1 ? -3 : 12)}>
                    {message.label}
                  </text>
                )}
              </g>
            );
          })}
          {milestones.map((one, i) => (
            <text key={i} class="happening" x={x(one.at)} y={y(one.by >= 0 ? one.by : one.machine) + 4}>
              ◆<title>{`${time(one.at)}: ${one.text}`}</title>
            </text>
          ))}
        </svg>
      </div>
      <p class="facts-line">
        {seen.length === 0
          ? "No such message in this stretch of time: look at more time, or show PING and PONG."
          : `${seen.length.toLocaleString("en")} messages${hidden > 0 ? `, of which the first ${drawn} are drawn: look at less time for the rest` : ""}.`}
        {leftOut > 0 && ` ${leftOut.toLocaleString("en")} heartbeats far from any milestone are not part of this file.`}
        {" Client and replication traffic is not drawn."}
      </p>
      {shown.length > 0 && (
        <details class="list">
          <summary>The first {Math.min(listed, shown.length)} as a list</summary>
          <table data-testid="message-list">
            <thead>
              <tr>
                <th scope="col">sent</th>
                <th scope="col">message</th>
                <th scope="col">way</th>
                <th scope="col">took</th>
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, listed).map((message) => (
                <tr key={message.index}>
                  <td>
                    <button
                      type="button"
                      class="link"
                      aria-pressed={message.index === chosen?.index}
                      onClick={() => void (state.message.value = message.index === chosen?.index ? null : message.index)}
                    >
                      {(message.sent / 1e6).toFixed(6)}s
                    </button>
                  </td>
                  <td>{message.label}</td>
                  <td>
                    {machineName(run, message.from)} → {machineName(run, message.to)}
                  </td>
                  <td>{message.arrived === null ? "✕ never arrived" : duration(message.arrived - message.sent)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </Panel>
  );
}
