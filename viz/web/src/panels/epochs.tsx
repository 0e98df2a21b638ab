import { useMemo } from "preact/hooks";
import { time } from "../format";
import { palette } from "../paint";
import { machineName } from "../run";
import type { State } from "../state";
import { Chart, type Line } from "./chart";
import { Panel } from "./panel";

const charted = 12;
const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [14, 4]];

/** Two live primaries with slots and one configEpoch. */
function collisions(state: State): { at: number; names: string; epoch: number }[] {
  const found: { at: number; names: string; epoch: number }[] = [];
  let last = "";
  for (const truth of state.truths) {
    const holders = new Map<number, number[]>();
    for (const machine of state.run.servers) {
      const node = truth.nodes[machine]!;
      if (!node.up || !node.claimed || node.isReplica || node.slots === "") continue;
      holders.set(node.configEpoch, [...(holders.get(node.configEpoch) ?? []), machine]);
    }
    const words = [...holders].filter(([, machines]) => machines.length > 1);
    const key = JSON.stringify(words);
    if (key !== last)
      for (const [epoch, machines] of words)
        found.push({ at: truth.at, epoch, names: machines.map((machine) => machineName(state.run, machine)).join(" and ") });
    last = key;
  }
  return found;
}

export function Epochs({ state }: { state: State }) {
  const { run, truths } = state;
  const { times, lines } = useMemo(() => {
    const moments = [...truths.map((truth) => truth.at), run.end];
    const states = [...truths, truths.at(-1)!];
    const servers = run.servers.slice(0, charted);
    const config = servers.map(
      (machine, i): Line => ({
        label: `${machineName(run, machine)} configEpoch`,
        values: states.map((truth) => (truth.nodes[machine]!.claimed ? truth.nodes[machine]!.configEpoch : null)),
        color: palette[i % palette.length]!,
        dash: dashes[i % dashes.length],
        steps: true,
      }),
    );
    const current: Line = {
      label: "greatest currentEpoch",
      values: states.map((truth) => Math.max(0, ...run.servers.map((machine) => truth.nodes[machine]!.currentEpoch))),
      color: "#888",
      steps: true,
      fill: "rgba(128,128,128,.12)",
    };
    return { times: moments, lines: [current, ...config] };
  }, [run, truths]);
  const found = useMemo(() => collisions(state), [state]);
  const truth = state.truth.value;
  return (
    <Panel
      id="epochs"
      wide
      title="Epochs"
      note={`configEpoch of each server and the greatest currentEpoch${run.servers.length > charted ? `; the first ${charted} servers of ${run.servers.length}` : ""}.`}
    >
      <Chart state={state} label="Epochs over time; the line below has them at the moment" times={times} lines={lines} height={200} />
      <p class="facts-line">
        At {time(state.at.value)}:{" "}
        {run.servers
          .slice(0, 24)
          .map((machine) => `${machineName(run, machine)} ${truth.nodes[machine]!.configEpoch}/${truth.nodes[machine]!.currentEpoch}`)
          .join(" · ")}{" "}
        (configEpoch/currentEpoch)
      </p>
      {found.length > 0 && (
        <ul class="plain">
          {found.slice(0, 6).map((one) => (
            <li key={one.at + one.names} class="warn">
              ✗{" "}
              <button type="button" class="link" onClick={() => state.goTo(one.at)}>
                {time(one.at)}
              </button>{" "}
              {one.names} have configEpoch {one.epoch}: a collision
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
