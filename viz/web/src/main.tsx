import { render } from "preact";
import { App } from "./app";
import { readDocument } from "./document";
import { decode } from "./run";
import { bindFragment, createState, fromFragment } from "./state";
import { bindKeys } from "./keys";
import "./style.css";

const root = document.getElementById("app")!;
const read = readDocument(document.getElementById("run")?.textContent ?? "");
if (typeof read === "string") {
  // What is readable without us stays.
  render(
    <p class="sorry" role="alert">
      {read}
    </p>,
    root,
  );
} else {
  const state = createState(decode(read));
  fromFragment(state, location.hash);
  bindFragment(state);
  bindKeys(state);
  document.getElementById("static")?.remove();
  render(<App state={state} />, root);
  performance.mark("slotsim:ready");
}
