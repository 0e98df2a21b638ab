// Where servers stand in the picture: by zone (or shard, where there is one zone), the same for every moment of a run.
import type { Run } from "./run";

export interface Place {
  machine: number;
  x: number;
  y: number;
}
export interface Box {
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Layout {
  width: number;
  height: number;
  places: Map<number, Place>;
  boxes: Box[];
  radius: number;
  isDense: boolean;
}

const roomy = { width: 112, height: 122, radius: 22 };
/** Of more servers than this there is room for their names and what is wrong with them. */
export const roomyMax = 24;
const dense = { width: 66, height: 62, radius: 14 };
const padding = { top: 26, side: 8, gap: 14 };

export function layout(run: Run, width: number): Layout {
  const isDense = run.servers.length > roomyMax;
  const cell = isDense ? dense : roomy;
  const zoned = new Set(run.servers.map((machine) => run.cast[machine]!.zone)).size > 1;
  const groups = new Map<string, number[]>();
  for (const machine of run.servers) {
    const info = run.cast[machine]!;
    const place = zoned ? `zone ${info.zone}` : info.shard >= 0 ? `shard ${info.shard}` : "no shard";
    const name = info.cluster === "" ? place : `cluster ${info.cluster}, ${place}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [machine]);
    else group.push(machine);
  }
  const names = [...groups.keys()].sort();
  const largest = Math.max(1, ...[...groups.values()].map((group) => group.length));
  const most = Math.max(1, Math.floor((width + padding.gap) / (cell.width + 2 * padding.side + padding.gap)));
  const beside = Math.max(1, Math.min(most, names.length));
  const share = (width - padding.gap * (beside - 1)) / beside - 2 * padding.side;
  const columns = Math.max(1, Math.min(largest, Math.floor(share / cell.width)));
  const inner = Math.max(cell.width, share);
  const places = new Map<number, Place>();
  const boxes: Box[] = [];
  let top = 0;
  for (let row = 0; row * beside < names.length; ++row) {
    const inRow = names.slice(row * beside, (row + 1) * beside);
    const rows = Math.max(...inRow.map((name) => Math.ceil(groups.get(name)!.length / columns)));
    const height = padding.top + rows * cell.height + 4;
    inRow.forEach((name, i) => {
      const left = i * (inner + 2 * padding.side + padding.gap);
      boxes.push({ name, x: left, y: top, width: inner + 2 * padding.side, height });
      const step = inner / columns;
      groups.get(name)!.forEach((machine, k) => {
        places.set(machine, {
          machine,
          x: left + padding.side + step * ((k % columns) + 0.5),
          y: top + padding.top + cell.height * (Math.floor(k / columns) + 0.34),
        });
      });
    });
    top += height + padding.gap;
  }
  const right = Math.max(0, ...boxes.map((box) => box.x + box.width));
  return { width: Math.max(width, right), height: Math.max(0, top - padding.gap), places, boxes, radius: cell.radius, isDense };
}
