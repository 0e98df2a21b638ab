import type { ComponentChildren } from "preact";

/** A part of the page with a heading; `note` says in small print what is to be seen. */
export function Panel(props: {
  id: string;
  title: string;
  note?: ComponentChildren;
  tools?: ComponentChildren;
  wide?: boolean;
  children: ComponentChildren;
}) {
  return (
    <section
      class={props.wide ? "panel wide" : "panel"}
      id={props.id}
      data-testid={props.id}
      aria-labelledby={`${props.id}-title`}
      tabIndex={-1}
    >
      <header>
        <h2 id={`${props.id}-title`}>{props.title}</h2>
        {props.tools}
      </header>
      {props.note !== undefined && <p class="note">{props.note}</p>}
      {props.children}
    </section>
  );
}
