import { useEffect, useRef } from "preact/hooks";
import { keys, panels } from "../keys";
import type { State } from "../state";

export function Help({ state }: { state: State }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = state.help.value;
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={() => void (state.help.value = false)}>
      <h2 id="help-title">Keys</h2>
      <dl>
        {keys
          .filter((key) => key.keys !== "")
          .map((key) => (
            <div key={key.keys}>
              <dt>
                <kbd>{key.keys}</kbd>
              </dt>
              <dd>{key.does}</dd>
            </div>
          ))}
      </dl>
      <p class="note">Panels: {panels.map(([, title], i) => `${(i + 1) % 10} ${title}`).join(" · ")}</p>
      <button type="button" onClick={() => void (state.help.value = false)}>
        Close
      </button>
    </dialog>
  );
}
