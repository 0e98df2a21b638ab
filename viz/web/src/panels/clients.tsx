import { useMemo } from "preact/hooks";
import { time } from "../format";
import { palette } from "../paint";
import type { State } from "../state";
import { Chart, type Line } from "./chart";
import { Panel } from "./panel";

const shownMetrics = [
  "availability",
  "unavailability_max",
  "acked_writes",
  "lost_writes",
  "lost_unexplained",
  "failed_ops",
  "unknown_ops",
  "redirects",
  "time_to_pfail",
  "time_to_fail",
  "promotion",
  "recovery",
];

export function ClientsPanel({ state }: { state: State }) {
  const { clients, verdict } = state.run.document;
  const series = useMemo(() => {
    if (clients === null) return null;
    const perSecond = (counts: number[]) => counts.map((count) => (count * 1e6) / clients.width);
    const times = clients.ok.map((_, i) => (clients.from + i) * clients.width);
    const rates: Line[] = [
      { label: "answered", values: perSecond(clients.ok), color: palette[2]!, steps: true, fill: "rgba(0,158,115,.15)" },
      { label: "failed", values: perSecond(clients.failed), color: palette[5]!, dash: [6, 3], steps: true },
      { label: "not known", values: perSecond(clients.unknown), color: palette[3]!, dash: [2, 3], steps: true },
      ...Object.entries(clients.replies).map(
        ([word, counts], i): Line => ({ label: word, values: perSecond(counts), color: palette[(i + 4) % palette.length]!, dash: [10, 3, 2, 3], steps: true }),
      ),
    ];
    const ms = (values: (number | null)[]) => values.map((us) => (us === null ? null : us / 1000));
    const latencies: Line[] = [
      { label: "p50", values: ms(clients.p50), color: palette[0]! },
      { label: "p99", values: ms(clients.p99), color: palette[1]!, dash: [6, 3] },
    ];
    return { times, rates, latencies };
  }, [clients]);
  const metrics = verdict.metrics.filter(([name]) => shownMetrics.includes(name));
  const stretch = clients === null ? -1 : Math.floor(state.at.value / clients.width) - clients.from;
  const errors = clients === null ? [] : Object.entries(clients.errors).map(([word, counts]) => ({ word, count: counts.reduce((a, b) => a + b, 0), first: counts.findIndex((count) => count > 0) }));
  return (
    <Panel
      id="clients"
      wide
      title="Clients and availability"
      note="Operations a second as clients saw them, and how long the answered ones took. A click goes there."
    >
      <dl class="numbers">
        {metrics.map(([name, value]) => (
          <div key={name}>
            <dt>{name.replaceAll("_", " ")}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {series === null || clients === null ? (
        <p class="empty">No client did anything in this run.</p>
      ) : (
        <>
          <h3>Operations a second</h3>
          <Chart state={state} label="Operations a second over time" times={series.times} lines={series.rates} />
          <h3>Latency of what was answered</h3>
          <Chart state={state} label="Latency over time" times={series.times} lines={series.latencies} unit=" ms" height={140} />
          <p class="facts-line">
            At {time(state.at.value)}: {clients.ok[stretch] ?? 0} answered, {clients.failed[stretch] ?? 0} failed,{" "}
            {clients.unknown[stretch] ?? 0} not known, within {clients.width / 1000} ms
          </p>
          {errors.length > 0 && (
            <ul class="plain">
              {errors
                .sort((a, b) => b.count - a.count)
                .slice(0, 8)
                .map(({ word, count, first }) => (
                  <li key={word}>
                    {count} × {word}, first at{" "}
                    <button type="button" class="link" onClick={() => state.goTo((clients.from + first) * clients.width)}>
                      {time((clients.from + first) * clients.width)}
                    </button>
                  </li>
                ))}
            </ul>
          )}
        </>
      )}
    </Panel>
  );
}
