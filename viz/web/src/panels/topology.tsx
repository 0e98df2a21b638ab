import { useMemo, useRef } from "preact/hooks";
import { between } from "../causes";
import { duration, time } from "../format";
import { layout, type Layout } from "../layout";
import { shardColor } from "../paint";
import { machineName } from "../run";
import { type Actor, describeActor, sceneAt, type Scene } from "../scene";
import type { State } from "../state";
import { Panel } from "./panel";
import { useWidth } from "./use_width";

/** Messages other than heartbeats stay in the picture for so long after they arrived. */
const trail = 60_000;

function NodeMark({ state, actor, layout: where }: { state: State; actor: Actor; layout: Layout }) {
  const { radius, isDense } = where;
  const place = where.places.get(actor.machine)!;
  const selected = state.node.value === actor.machine;
  const name = machineName(state.run, actor.machine);
  const shape = actor.isReplica ? (
    <circle r={radius} class="body replica" style={{ stroke: shardColor(actor.shard) }} />
  ) : (
    <rect x={-radius} y={-radius} width={2 * radius} height={2 * radius} rx={5} class="body primary"
      style={{ fill: shardColor(actor.shard), stroke: shardColor(actor.shard) }} />
  );
  const status = !actor.known
    ? "unknown"
    : !actor.up
      ? "down"
      : actor.paused
        ? "paused"
        : !actor.ok
          ? "state fail"
          : "";
  return (
    <g
      class={`node ${selected ? "selected" : ""} ${actor.up ? "" : "down"} ${actor.known ? "" : "unknown"}`}
      transform={`translate(${place.x} ${place.y})`}
      role="button"
      tabindex={0}
      aria-pressed={selected}
      aria-description={describeActor(state.run, actor)}
      data-testid={`node-${name}`}
      data-suspicion={actor.suspicion}
      onClick={() => state.selectNode(selected ? null : actor.machine)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        state.selectNode(selected ? null : actor.machine);
      }}
    >
      {actor.suspicion !== "none" && <rect class={`held ${actor.suspicion}`} x={-radius - 6} y={-radius - 6} width={2 * radius + 12} height={2 * radius + 12} rx={9} />}
      {shape}
      {selected && <circle class="ring" r={radius + 12} />}
      <text class="name" y={5}>
        {name}
      </text>
      {!actor.up && <path class="dead" d={`M${-radius} ${-radius} L${radius} ${radius} M${radius} ${-radius} L${-radius} ${radius}`} />}
      {actor.side >= 0 && (
        <text class="side" x={radius + 10} y={-radius + 4}>
          {String.fromCharCode(65 + actor.side)}
        </text>
      )}
      <text class="label" y={radius + 20}>
        {isDense ? "" : actor.isReplica ? (actor.follows === null ? "follows nobody" : `replica of ${machineName(state.run, actor.follows)}`) : actor.slots}
      </text>
      <text class={actor.outranked > 0 ? "label bad" : "label"} y={radius + 33}>
        {isDense ? "" : actor.outranked > 0 ? `✗ epoch ${actor.epoch} is outranked` : actor.isReplica ? "" : `epoch ${actor.epoch}`}
      </text>
      <text class="label strong" y={radius + (isDense ? 16 : 46)}>
        {isDense ? (actor.outranked > 0 ? "outranked" : status) : [status, actor.heldBy].filter((word) => word !== "").join(" · ")}
      </text>
    </g>
  );
}

function Links({ state, scene, layout: where }: { state: State; scene: Scene; layout: Layout }) {
  const at = state.at.value;
  const marker = (id: number) => where.places.get(id);
  const shown = between(state.run.messages, at - trail, at)
    .filter((message) => {
      const heartbeat = message.label === "PING" || message.label === "PONG";
      return heartbeat ? message.sent <= at && (message.arrived ?? at) >= at : true;
    })
    .slice(-80);
  return (
    <g class="links">
      {scene.actors.map((actor) => {
        if (!actor.isReplica || actor.follows === null) return null;
        const [a, b] = [marker(actor.machine), marker(actor.follows)];
        if (a === undefined || b === undefined) return null;
        return <line key={actor.machine} class="follows" x1={a.x} y1={a.y} x2={b.x} y2={b.y} />;
      })}
      {scene.cut.map(([from, to], i) => {
        const [a, b] = [marker(from), marker(to)];
        if (a === undefined || b === undefined) return null;
        return (
          <g key={i} class="cut">
            <line x1={a.x} y1={a.y} x2={b.x} y2={b.y} />
            <text x={(a.x + b.x) / 2} y={(a.y + b.y) / 2 + 5}>
              ✕
            </text>
          </g>
        );
      })}
      {shown.map((message) => {
        const [a, b] = [marker(message.from), marker(message.to)];
        if (a === undefined || b === undefined) return null;
        const part = message.arrived === null ? 0.5 : Math.min(1, Math.max(0, (at - message.sent) / Math.max(1, message.arrived - message.sent)));
        const heartbeat = message.label === "PING" || message.label === "PONG";
        const [px, py] = [a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part];
        return (
          <g key={message.index} class={message.arrived === null ? "packet lost" : "packet"}>
            {!heartbeat && <line x1={a.x} y1={a.y} x2={b.x} y2={b.y} />}
            <circle cx={px} cy={py} r={heartbeat ? 2.5 : 4} />
          </g>
        );
      })}
    </g>
  );
}

export function Topology({ state }: { state: State }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, 560);
  const where = useMemo(() => layout(state.run, width), [state.run, width]);
  const viewer = state.seenBy.value ? state.node.value : null;
  const scene = sceneAt(state.run, state.truth.value, state.at.value, viewer);
  const viewerName = state.node.value === null ? "" : machineName(state.run, state.node.value);
  const faults = state.run.document.faults.filter((fault) => state.truth.value.faults.includes(fault.id));
  const others = between(state.run.messages, state.at.value - trail, state.at.value)
    .filter((message) => message.label !== "PING" && message.label !== "PONG")
    .slice(-3);
  return (
    <Panel
      id="topology"
      wide={where.isDense}
      title={viewer === null ? `The cluster at ${time(state.at.value)}` : `The cluster as ${viewerName} believes it, ${time(state.at.value)}`}
      tools={
        <button
          type="button"
          data-testid="as-seen"
          disabled={state.node.value === null}
          aria-pressed={state.seenBy.value}
          onClick={() => void (state.seenBy.value = !state.seenBy.value)}
        >
          {state.node.value === null ? "As seen by … (select a server)" : viewer === null ? `As ${viewerName} sees it` : "As it was"}
        </button>
      }
      note="■ primary, ○ replica, coloured by shard; dashed frame PFAIL, solid frame FAIL, crossed out: down. A click selects."
    >
      <p class="moment" data-testid="moment">
        {scene.sides.map((side) => (
          <span key={side.letter} class={side.hasMajority ? "side majority" : "side"}>
            Side {side.letter}: {side.machines.map((machine) => machineName(state.run, machine)).join(" ")} —{" "}
            {side.hasMajority ? "majority" : "minority"}, {side.primaries} live primar{side.primaries === 1 ? "y" : "ies"}
          </span>
        ))}
        {faults.map((fault) => (
          <span key={fault.id} class="in-force">
            ⚡ in force: {fault.text}
          </span>
        ))}
        {others.map((message) => (
          <span key={message.index} class="recent">
            ✉ {message.label} {machineName(state.run, message.from)} → {machineName(state.run, message.to)}{" "}
            {message.arrived === null ? "never arrives" : `took ${duration(message.arrived - message.sent)}`}
          </span>
        ))}
      </p>
      <div ref={box} class="scroll">
        <svg width={where.width} height={where.height} class="topology" role="group" aria-label="Servers">
          {where.boxes.map((one) => (
            <g key={one.name}>
              <rect class="zone" x={one.x} y={one.y} width={one.width} height={one.height} rx={8} />
              <text class="zone-name" x={one.x + 10} y={one.y + 17}>
                {one.name}
              </text>
            </g>
          ))}
          {scene.actors.map((actor) => {
            if (actor.side < 0) return null;
            const place = where.places.get(actor.machine)!;
            return <circle key={actor.machine} class={`tint side-${actor.side % 4}`} cx={place.x} cy={place.y} r={where.radius + (where.isDense ? 8 : 20)} />;
          })}
          <Links state={state} scene={scene} layout={where} />
          {scene.actors.map((actor) => (
            <NodeMark key={actor.machine} state={state} actor={actor} layout={where} />
          ))}
        </svg>
      </div>
    </Panel>
  );
}
