// How the page looks, by day and by night.

enum PageStyle {
  static let text = """
    :root {
      color-scheme: light dark;
      --paper: #ffffff; --ink: #1c2024; --faint: #667078; --line: #8b959e; --panel: #f4f6f8;
      --border: #d5dbe1; --value: #14663a; --adjoint: #b3261e; --accent: #0b5fd0; --node: #ffffff;
      --tint: 92%; --shade: 55%;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #15181b; --ink: #e6e9ec; --faint: #98a2ab; --line: #7d8790; --panel: #1d2125;
        --border: #363d44; --value: #7ddba0; --adjoint: #ff9a8f; --accent: #79b0ff; --node: #22272c;
        --tint: 22%; --shade: 45%;
      }
    }
    * { box-sizing: border-box; }
    html, body { height: 100%; margin: 0; }
    body {
      display: flex; flex-direction: column; background: var(--paper); color: var(--ink);
      font: 14px/1.4 system-ui, sans-serif;
    }
    header {
      display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: center; padding: 6px 14px;
      border-bottom: 1px solid var(--border);
    }
    h1 { font-size: 16px; margin: 0; }
    h2 { font-size: 13px; margin: 0 0 6px; color: var(--faint); font-weight: 600; }
    button, input { font: inherit; color: inherit; }
    button {
      background: var(--panel); border: 1px solid var(--border); border-radius: 5px;
      padding: 2px 9px; cursor: pointer;
    }
    button:hover { border-color: var(--accent); }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
    .steps { display: flex; gap: 6px; align-items: center; flex: 1 1 560px; }
    .steps[hidden] { display: none; }
    #slider { flex: 0 1 240px; min-width: 120px; }
    #scan-step { width: 4.5em; }
    #caption {
      font: 13px/1.3 ui-monospace, monospace; overflow: hidden; text-overflow: ellipsis;
      white-space: nowrap; flex: 1; min-width: 0;
    }
    main { flex: 1; display: flex; min-height: 160px; }
    #canvas { flex: 1; min-width: 0; height: 100%; cursor: grab; touch-action: none; display: block; }
    #canvas.dragged { cursor: grabbing; }
    aside {
      flex: 0 0 250px; overflow: auto; border-left: 1px solid var(--border); padding: 8px 12px;
    }
    #kernels { list-style: none; margin: 0; padding: 0; font: 12px/1.35 ui-monospace, monospace; }
    #kernels button {
      display: grid; grid-template-columns: 14px 1fr; gap: 0 7px; width: 100%; text-align: left;
      border-color: transparent; background: none; padding: 3px 4px; overflow-wrap: anywhere;
    }
    #kernels small { grid-column: 2; color: var(--faint); font-size: 11px; }
    .swatch { width: 14px; height: 14px; border-radius: 3px; background: hsl(var(--hue) 60% var(--shade)); }
    #panel {
      flex: 0 0 auto; max-height: 40vh; overflow: auto; border-top: 1px solid var(--border);
      background: var(--panel); padding: 8px 14px; display: grid; gap: 6px 22px;
      grid-template-columns: minmax(240px, 1fr) minmax(0, 1.3fr) minmax(0, 1.7fr); align-items: start;
    }
    #panel > * { min-width: 0; }
    #panel .head { grid-column: 1 / -1; font-weight: 600; }
    #panel .head small { font-weight: 400; color: var(--faint); margin-left: 8px; }
    pre {
      margin: 0 0 8px; font: 12px/1.4 ui-monospace, monospace; white-space: pre; overflow: auto;
      tab-size: 2;
    }
    pre.wrap { white-space: pre-wrap; overflow-wrap: anywhere; }
    pre.value { color: var(--value); } pre.adjoint { color: var(--adjoint); }
    #panel canvas { image-rendering: pixelated; max-width: 100%; border: 1px solid var(--border); }
    svg text { font: 11px ui-monospace, monospace; fill: var(--ink); pointer-events: none; }
    svg .name { font-weight: 600; }
    svg .type { fill: var(--faint); }
    svg .box { fill: var(--node); stroke: var(--line); }
    svg .hued > .box { fill: hsl(var(--hue) 65% var(--tint)); stroke: hsl(var(--hue) 45% 50%); }
    svg .region { fill: hsl(var(--hue) 65% 50% / .13); stroke: hsl(var(--hue) 55% 50% / .55); stroke-dasharray: 4 3; }
    svg .region.lit { fill: hsl(var(--hue) 65% 50% / .35); }
    svg .chip { fill: hsl(var(--hue) 60% var(--shade)); }
    svg .frame { fill: var(--panel); fill-opacity: .55; stroke: var(--line); }
    svg .inner { fill: none; stroke: var(--line); stroke-opacity: .6; }
    svg .node { cursor: pointer; }
    svg .node:focus { outline: none; }
    svg .node:focus > .box, svg .node:focus > .frame { stroke: var(--accent); stroke-width: 2; }
    svg .selected > .box, svg .selected > .frame { stroke: var(--accent); stroke-width: 2.5; }
    svg .now > .box, svg .now > .frame { stroke: var(--adjoint); stroke-width: 3; }
    svg .input > .box, svg .parameter > .box, svg .constant > .box { stroke-width: 1.6; }
    svg .enters > .box, svg .leaves > .box { stroke-dasharray: 3 2; }
    svg .edge { fill: none; stroke: var(--line); stroke-width: 1.2; }
    svg .edge.lit { stroke: var(--accent); stroke-width: 2; }
    svg #head path { fill: var(--line); }
    svg .val, svg .adj { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; font-size: 10px; text-anchor: middle; }
    svg .node .adj { stroke: none; }
    svg .val { fill: var(--value); }
    svg .adj { fill: var(--adjoint); }
    svg .hidden { visibility: hidden; }
    svg .later { opacity: .35; }
    @media (max-width: 800px) { aside { display: none; } #panel { grid-template-columns: minmax(0, 1fr); } }
    """
}
