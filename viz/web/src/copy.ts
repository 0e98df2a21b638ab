import type { State } from "./state";

/** Puts a text on the clipboard; a page opened from a disk may have to do it the old way. */
export async function copy(state: State, text: string): Promise<void> {
  state.told.value = "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  state.told.value = `Copied: ${text.length > 90 ? `${text.slice(0, 90)}…` : text}`;
}
