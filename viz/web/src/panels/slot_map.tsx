import { useMemo, useRef, useState } from "preact/hooks";
import { useEffect } from "preact/hooks";
import { duration, time } from "../format";
import { palette, variable } from "../paint";
import { machineName } from "../run";
import { doubtHistory, ownedHistory, troubles } from "../slot_history";
import type { State } from "../state";
import { slotCountMax } from "../truth";
import { Panel } from "./panel";
import { useWidth } from "./use_width";

const height = 180;

function hatch(context: CanvasRenderingContext2D, color: string, step: number): CanvasPattern | string {
  const tile = document.createElement("canvas");
  tile.width = tile.height = step;
  const pen = tile.getContext("2d")!;
  pen.strokeStyle = color;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(0, step);
  pen.lineTo(step, 0);
  pen.stroke();
  return context.createPattern(tile, "repeat") ?? color;
}

export function SlotMap({ state }: { state: State }) {
  const { run } = state;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box, 1100);
  const [mode, setMode] = useState<"owner" | "doubt">("owner");
  const history = useMemo(() => ownedHistory(run, state.truths), [run]);
  const doubts = useMemo(() => doubtHistory(run, state.truths), [run]);
  const trouble = useMemo(() => troubles(history).filter((one) => one.to > 0), [history]);
  const [from, to] = state.window.value;
  const at = state.at.value;
  const x = (us: number) => ((us - from) / (to - from)) * width;
  const y = (slot: number) => (slot / slotCountMax) * height;
  const theme = state.theme.value;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const scale = devicePixelRatio || 1;
    canvas.current!.width = width * scale;
    canvas.current!.height = height * scale;
    context.scale(scale, scale);
    context.clearRect(0, 0, width, height);
    const none = hatch(context, variable("--faint"), 7);
    const twice = hatch(context, variable("--bad"), 6);
    if (mode === "owner") {
      for (const stretch of history) {
        const left = x(stretch.from);
        const wide = Math.max(1, x(stretch.to) - left);
        for (const one of stretch.owned) {
          const top = y(one.first);
          const tall = Math.max(1, y(one.last + 1) - top);
          context.fillStyle = one.owner < 0 ? none : palette[run.servers.indexOf(one.owner) % palette.length]!;
          context.fillRect(left, top, wide, tall);
          if (one.claimants.length > 1) {
            context.fillStyle = variable("--panel");
            context.globalAlpha = 0.45;
            context.fillRect(left, top, wide, tall);
            context.globalAlpha = 1;
            context.fillStyle = twice;
            context.fillRect(left, top, wide, tall);
          }
          if (wide > 46 && tall > 12 && left < width && one.owner >= 0) {
            context.fillStyle = "#fff";
            context.font = "600 12px system-ui, sans-serif";
            const words = one.claimants.map((machine) => machineName(run, machine)).join(" + ");
            const place = Math.max(left, 0) + 6;
            const wideWords = context.measureText(words).width;
            context.fillStyle = "rgba(0,0,0,.62)";
            context.fillRect(place - 3, top + tall / 2 - 9, wideWords + 6, 17);
            context.fillStyle = "#fff";
            context.fillText(words, place, top + tall / 2 + 4);
          }
        }
      }
    } else {
      const most = Math.max(1, run.servers.length - 1);
      for (const doubt of doubts) {
        for (const one of doubt.slots) {
          context.fillStyle = variable("--bad");
          context.globalAlpha = 0.25 + (0.75 * one.unlike.length) / most;
          context.fillRect(x(doubt.from), y(one.first), Math.max(1, x(doubt.to) - x(doubt.from)), Math.max(1, y(one.last + 1) - y(one.first)));
        }
      }
      context.globalAlpha = 1;
    }
  }, [width, from, to, mode, theme, history, doubts]);
  const now = history.findLast((one) => one.from <= at)?.owned ?? [];
  const doubt = doubts.find((one) => one.from <= at && at < one.to);
  const totalDoubt = doubts.reduce((sum, one) => sum + one.to - one.from, 0);
  return (
    <Panel
      id="slots"
      wide
      title="Slot ownership over time"
      note={
        mode === "owner"
          ? "Slot 0 at the top, 16383 at the bottom, by live claimant with the greatest configEpoch. Hatched grey: nobody covers it. Hatched red: two live primaries claim it."
          : "How many servers hold another for the owner than the one that is: the stronger, the more."
      }
      tools={
        <button type="button" aria-pressed={mode === "doubt"} onClick={() => setMode(mode === "owner" ? "doubt" : "owner")}>
          {mode === "owner" ? "Show disagreement" : "Show owners"}
        </button>
      }
    >
      <div ref={box} class="over">
        <canvas
          ref={canvas}
          style={{ width: `${width}px`, height: `${height}px` }}
          role="img"
          aria-label="Slot ownership over time; the text below says the same"
          onClick={(event) => state.goTo(from + ((event.offsetX / width) * (to - from)))}
        />
        <i class="cursor" style={{ left: `${x(at)}px` }} hidden={at < from || at > to} />
      </div>
      <p class="facts-line" data-testid="owners">
        At {time(at)}:{" "}
        {now
          .map((one) =>
            one.owner < 0
              ? `${one.first}–${one.last} uncovered`
              : `${one.first}–${one.last} ${one.claimants.map((machine) => machineName(run, machine)).join(" and ")}${one.claimants.length > 1 ? " (claimed twice)" : ""}`,
          )
          .slice(0, 12)
          .join(" · ")}
        {now.length > 12 && ` · and ${now.length - 12} more ranges`}
        {doubt !== undefined &&
          ` · seen otherwise by ${[...new Set(doubt.slots.flatMap((one) => one.unlike))].map((machine) => machineName(run, machine)).join(", ")}`}
      </p>
      {(trouble.length > 0 || totalDoubt > 0) && (
        <ul class="plain">
          {trouble.slice(0, 8).map((one) => (
            <li key={one.from}>
              <button type="button" class="link" onClick={() => state.goTo(one.from)}>
                {time(one.from)} – {time(one.to)}
              </button>{" "}
              {[
                one.uncovered > 0 ? `${one.uncovered.toLocaleString("en")} slots uncovered` : "",
                one.twice > 0 ? `${one.twice.toLocaleString("en")} slots claimed twice` : "",
              ]
                .filter((word) => word !== "")
                .join(", ")}{" "}
              for {duration(one.to - one.from)}
            </li>
          ))}
          {trouble.length > 8 && <li>and {trouble.length - 8} more stretches</li>}
          {totalDoubt > 0 && <li>Some server's map differed from the truth for {duration(totalDoubt)} in all.</li>}
        </ul>
      )}
    </Panel>
  );
}
