import { useState } from "preact/hooks";
import { beliefAt, type Belief, nodesText, type Peer, suspicionOf } from "../belief";
import { copy } from "../copy";
import { slots, time } from "../format";
import { roomyMax } from "../layout";
import { machineName, nameOf } from "../run";
import type { State } from "../state";
import { type Truth, truthAt } from "../truth";
import { Panel } from "./panel";

interface Cells {
  role: string;
  flags: string;
  epoch: string;
  slots: string;
}

function peerCells(state: State, peer: Peer | undefined): Cells {
  if (peer === undefined) return { role: "not known", flags: "", epoch: "", slots: "" };
  const flags = peer.flags.filter((flag) => !["myself", "master", "slave", "fail", "fail?", "noflags"].includes(flag));
  if (peer.suspicion !== "none") flags.unshift(peer.suspicion);
  return {
    role: peer.isReplica ? `replica of ${peer.follows === "" ? "nobody" : nameOf(state.run, peer.follows)}` : "primary",
    flags: flags.join(" ") || "–",
    epoch: String(peer.configEpoch),
    slots: peer.isReplica ? "–" : slots(peer.slots),
  };
}

function truthCells(state: State, truth: Truth, machine: number): Cells {
  const node = truth.nodes[machine]!;
  return {
    role: !node.claimed ? "not heard of" : node.isReplica ? `replica of ${node.follows === "" ? "nobody" : nameOf(state.run, node.follows)}` : "primary",
    flags: node.up ? (node.paused ? "paused" : "–") : "down",
    epoch: String(node.configEpoch),
    slots: node.isReplica ? "–" : slots(node.slots),
  };
}

/** Of a replica CLUSTER NODES tells its primary's configEpoch, so there is nothing to compare it with. */
function differs(key: keyof Cells, mine: Cells, other: Cells, withTruth: boolean): boolean {
  if (mine[key] === other[key]) return false;
  if (!withTruth) return true;
  if (key === "epoch") return mine.role === "primary" && other.role === "primary";
  if (key === "flags") {
    const down = other.flags !== "–";
    const suspected = /FAIL/.test(mine.flags);
    return down !== suspected;
  }
  return true;
}

function Row(props: { name: string; mine: Cells; other: Cells; withTruth: boolean; isSelf: boolean }) {
  const cell = (key: keyof Cells) => {
    const unlike = differs(key, props.mine, props.other, props.withTruth);
    return (
      <td class={unlike ? "unlike" : ""}>
        {props.mine[key]}
        {unlike && (
          <small>
            <span aria-hidden="true">≠ </span>
            <span class="unseen">unlike: </span>
            {props.other[key] || "nothing"}
          </small>
        )}
      </td>
    );
  };
  return (
    <tr>
      <th scope="row">
        {props.name}
        {props.isSelf && " (itself)"}
      </th>
      {cell("role")}
      {cell("flags")}
      {cell("epoch")}
      {cell("slots")}
    </tr>
  );
}

function choices(state: State, node: number) {
  return [
    <option key="truth" value="truth">
      what was the case
    </option>,
    ...state.run.servers
      .filter((machine) => machine !== node)
      .map((machine) => (
        <option key={machine} value={String(machine)}>
          what {machineName(state.run, machine)} believed
        </option>
      )),
    <option key="pin" value="pin">
      itself at {state.pin.value === null ? "this moment (pins it)" : time(state.pin.value)}
    </option>,
  ];
}

function choose(state: State, value: string) {
  if (value === "pin") {
    state.pin.value ??= state.at.value;
    state.versus.value = "pin";
  } else {
    state.versus.value = value === "truth" ? "truth" : Number(value);
  }
}

function Beliefs({ state, node, belief }: { state: State; node: number; belief: Belief }) {
  const { run } = state;
  const versus = state.versus.value;
  const truth = truthAt(state.truths, state.at.value);
  const other =
    versus === "truth" ? null : versus === "pin" ? beliefAt(run, node, state.pin.value ?? 0) : beliefAt(run, versus, state.at.value);
  const ids = new Map<string, number>();
  for (const machine of run.servers) ids.set(truth.nodes[machine]!.id, machine);
  const unknown = [...belief.peers.keys()].filter((id) => !ids.has(id));
  let unlike = 0;
  const [all, setAll] = useState(run.servers.length <= roomyMax);
  const rows = [...[...ids].filter(([, machine]) => run.cast[machine]!.cluster === run.cast[node]!.cluster || belief.peers.has(truth.nodes[machine]!.id)), ...unknown.map((id): [string, number] => [id, -1])].map(
    ([id, machine]) => {
      const mine = peerCells(state, belief.peers.get(id));
      const theirs =
        versus === "truth" ? (machine < 0 ? mine : truthCells(state, truth, machine)) : peerCells(state, other?.peers.get(id));
      const isUnlike = (["role", "flags", "epoch", "slots"] as const).some((key) => differs(key, mine, theirs, versus === "truth"));
      if (isUnlike) ++unlike;
      return !all && !isUnlike && machine !== node ? null : (
        <Row key={id} name={machine < 0 ? `${id.slice(0, 8)} (gone)` : machineName(run, machine)} mine={mine} other={theirs} withTruth={versus === "truth"} isSelf={machine === node} />
      );
    },
  );
  return (
    <>
      <p class={unlike > 0 ? "summary warn" : "summary"} data-testid="belief-summary">
        {versus !== "truth" && other === null
          ? "Nobody looked at the other side before this moment."
          : unlike === 0
            ? "No difference."
            : `${unlike} of ${rows.length} differ: in bold, with ≠ and what it is compared with.`}
      </p>
      {run.servers.length > roomyMax && (
        <label>
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /> show those on which both agree, too
        </label>
      )}
      <div class="scroll" tabIndex={0} role="group" aria-label="Beliefs">
        <table class="beliefs" data-testid="beliefs">
          <thead>
            <tr>
              <th scope="col">about</th>
              <th scope="col">role</th>
              <th scope="col">flags</th>
              <th scope="col">epoch</th>
              <th scope="col">slots</th>
            </tr>
          </thead>
          <tbody>{rows}</tbody>
        </table>
      </div>
    </>
  );
}

function NodesText({ state, belief }: { state: State; belief: Belief }) {
  if (!belief.look.exact) {
    return (
      <p class="note" data-testid="nodes-text">
        A real server cannot be asked in the middle of a run without changing it: the table shows what its messages, its
        nodes.conf and its log have told. Its CLUSTER NODES, with the times of pings and the state of links, is not known.
      </p>
    );
  }
  const text = nodesText(belief.look);
  return (
    <>
      <div class="row">
        <h3>CLUSTER NODES, as it would have answered at {time(belief.look.at)}</h3>
        <button type="button" data-testid="copy-nodes" onClick={() => copy(state, text)}>
          Copy
        </button>
      </div>
      <pre data-testid="nodes-text" tabIndex={0}>
        {text}
      </pre>
    </>
  );
}

export function Inspector({ state }: { state: State }) {
  const node = state.node.value;
  const belief = node === null ? null : beliefAt(state.run, node, state.at.value);
  const truth = state.truth.value;
  const suspects =
    node === null
      ? []
      : state.run.servers.filter((machine) => machine !== node && suspicionOf(state.run, node, truth.nodes[machine]!.id, state.at.value) !== "none");
  return (
    <Panel
      id="inspector"
      title={node === null ? "Node inspector" : `What ${machineName(state.run, node)} believes at ${time(state.at.value)}`}
      tools={
        <>
          <label>
            server{" "}
            <select
              data-testid="node-select"
              value={node === null ? "" : String(node)}
              onChange={(event) => state.selectNode(event.currentTarget.value === "" ? null : Number(event.currentTarget.value))}
            >
              <option value="">none</option>
              {state.run.servers.map((machine) => (
                <option key={machine} value={String(machine)}>
                  {machineName(state.run, machine)}
                </option>
              ))}
            </select>
          </label>
          {node !== null && (
            <label>
              against{" "}
              <select
                data-testid="versus-select"
                value={String(state.versus.value)}
                onChange={(event) => choose(state, event.currentTarget.value)}
              >
                {choices(state, node)}
              </select>
            </label>
          )}
        </>
      }
    >
      {node === null ? (
        <p class="empty">Select a server in the picture, or with the key n, to see what it believed and what of that was wrong.</p>
      ) : belief === null ? (
        <p class="empty">
          {machineName(state.run, node)} was not looked at before this moment: it had not started, or the cluster was still
          forming.
        </p>
      ) : (
        <>
          <p class="facts-line">
            {truth.nodes[node]!.up ? "" : "It is down; this is what it believed last. "}
            cluster state {belief.look.ok ? "ok" : "FAIL"} · {belief.look.writable ? "takes writes" : "takes no writes"} ·
            currentEpoch {belief.look.currentEpoch} · configEpoch {belief.look.configEpoch} · last vote in epoch{" "}
            {belief.look.lastVoteEpoch} · {belief.look.keys} keys
            {suspects.length > 0 && ` · suspects ${suspects.map((machine) => machineName(state.run, machine)).join(", ")}`}
          </p>
          {state.run.document.views_cut && (
            <p class="warn">This run is too large for every change of mind to be kept: beliefs may be older than the moment.</p>
          )}
          <Beliefs state={state} node={node} belief={belief} />
          <NodesText state={state} belief={belief} />
        </>
      )}
    </Panel>
  );
}
