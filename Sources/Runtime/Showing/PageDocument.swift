// The page: markup, style, script and data in one text. Nothing of it is loaded from anywhere.

struct PageDocument {
  let page: GraphPage

  var text: String {
    let title = MarkupText.escaped(page.fileName)
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
      <title>\(title)</title>
      <style>
      \(PageStyle.text)
      </style>
      </head>
      <body>
      <header>
      <h1>\(title)</h1>
      <div class="tools">
      <button id="unfold-all" title="Opens composites until the drawing is large">Unfold all</button>
      <button id="fold-all">Fold all</button>
      <button id="smaller" aria-label="Smaller">−</button>
      <button id="larger" aria-label="Larger">+</button>
      <button id="fit">Fit</button>
      </div>
      <div class="steps" id="steps" hidden>
      <button id="back" aria-label="One step back">◀</button>
      <input id="slider" type="range" min="0" value="0" step="1" aria-label="Step of the computation">
      <button id="forth" aria-label="One step on">▶</button>
      <button id="play">Play</button>
      <label id="scan" hidden>scan step <input id="scan-step" type="number" min="0" value="0"></label>
      <output id="caption" aria-live="polite"></output>
      </div>
      </header>
      <main>
      <svg id="canvas" tabindex="0" role="application" aria-label="The graph">
      <defs>
      <marker id="head" viewBox="0 0 8 8" refX="0" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 1 L8 4 L0 7 z"></path></marker>
      </defs>
      <g id="world"></g>
      </svg>
      <aside>
      <h2 id="kernels-title">Kernels</h2>
      <ol id="kernels"></ol>
      </aside>
      </main>
      <section id="panel" aria-live="polite"></section>
      <noscript>This page draws with a script.</noscript>
      <script type="application/json" id="graph">\(PageData(page: page).json)</script>
      <script>
      \(PageScript.layout)\(PageScript.drawing)\(PageScript.panel)\(PageScript.control)
      </script>
      </body>
      </html>

      """
  }
}
