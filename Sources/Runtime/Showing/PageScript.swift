// The page's script, in plain JavaScript without a library: where things are, drawing them, telling about them, and controls.

enum PageScript {
  /// Where everything is while some composites are unfolded.
  static let layout = #"""
    'use strict';
    (function () {
    const data = JSON.parse(document.getElementById('graph').textContent);
    const open = new Set();
    const last = data.forward.length + data.backward.length;
    const state = { step: last, scan: 0, selected: -1, kernel: -1 };
    const pad = 12, bar = 22;

    // A composite that is unfolded needs room: the drawing around it is stretched, along each axis where the composite is and nowhere
    // else, so that nothing changes its order. Of two composites side by side the one that grows more decides.
    function stretch(intervals) {
      if (!intervals.length) return t => t;
      const cuts = [...new Set(intervals.flatMap(i => [i[0], i[1]]))].sort((a, b) => a - b);
      const added = [0];
      const growth = [];
      for (let i = 0; i + 1 < cuts.length; i++) {
        let most = 0;
        for (const [low, high, need] of intervals)
          if (low <= cuts[i] && high >= cuts[i + 1]) most = Math.max(most, need / (high - low) - 1);
        growth.push(most);
        added.push(added[i] + most * (cuts[i + 1] - cuts[i]));
      }
      return t => {
        if (t <= cuts[0]) return t;
        let low = 0, high = cuts.length - 1;
        if (t >= cuts[high]) return t + added[high];
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if (cuts[middle] <= t) low = middle; else high = middle;
        }
        return t + added[low] + growth[low] * (t - cuts[low]);
      };
    }

    function arrange(index) {
      const level = data.levels[index], inner = new Map(), xs = [], ys = [];
      for (const [node, x, y, w, h] of level.n) {
        if (!open.has(node)) continue;
        const inside = arrange(data.nodes[node].in);
        inner.set(node, inside);
        xs.push([x - w / 2, x + w / 2, Math.max(w, inside.w + 2 * pad)]);
        ys.push([y - h / 2, y + h / 2, Math.max(h, inside.h + bar + pad)]);
      }
      const X = stretch(xs), Y = stretch(ys);
      return { level, inner, X, Y, w: X(level.w), h: Y(level.h) };
    }

    const hue = kernel => (kernel * 137 + 210) % 360;
    const at = list => list && list.length ? list[Math.min(state.scan, list.length - 1)] : '';
    const brief = entry => Array.isArray(entry) ? entry[0] : entry || '';
    const detail = entry => Array.isArray(entry) ? entry[1] : entry || '';

    """#

  static let drawing = #"""
    const world = document.getElementById('world');
    const canvas = document.getElementById('canvas');
    let drawn = { nodes: new Map(), edges: [] };

    function make(name, attributes, parent, text) {
      const element = document.createElementNS('http://www.w3.org/2000/svg', name);
      for (const key in attributes) element.setAttribute(key, attributes[key]);
      if (text !== undefined) element.textContent = text;
      if (parent) parent.appendChild(element);
      return element;
    }

    // A curve goes along with the stretching; its ends go along with the nodes, which keep their size.
    function curve(points, X, Y, from, to) {
      const end = points.length - 2;
      const shift = (i, node) => {
        if (!node) return [0, 0];
        const x = node.isOpen ? Math.max(node.x - node.w / 2, Math.min(points[i], node.x + node.w / 2)) : node.x;
        const y = node.isOpen ? Math.max(node.y - node.h / 2, Math.min(points[i + 1], node.y + node.h / 2)) : node.y;
        return [X(x) + points[i] - x - X(points[i]), Y(y) + points[i + 1] - y - Y(points[i + 1])];
      };
      const first = shift(0, from), final = shift(end, to), moved = [];
      for (let i = 0; i <= end; i += 2) {
        const t = i / end;
        moved.push(X(points[i]) + (1 - t) * first[0] + t * final[0],
          Y(points[i + 1]) + (1 - t) * first[1] + t * final[1]);
      }
      return moved;
    }

    function path(points) {
      let d = '';
      for (let i = 0; i < points.length; i += 2)
        d += (i === 0 ? 'M' : i === 2 ? 'C' : '') + points[i].toFixed(1) + ' ' + points[i + 1].toFixed(1) + ' ';
      return d;
    }

    // A label stays as far from its curve as it was: from the middle between the two points that are nearest in height.
    function beside(x, y, points, moved) {
      let near = 0;
      for (let i = 0; i + 2 < points.length; i += 2)
        if (Math.abs((points[i + 1] + points[i + 3]) / 2 - y) < Math.abs((points[near + 1] + points[near + 3]) / 2 - y)) near = i;
      const middle = (list, k) => (list[near + k] + list[near + 2 + k]) / 2;
      return [x - middle(points, 0) + middle(moved, 0), y - middle(points, 1) + middle(moved, 1)];
    }

    function draw() {
      const whole = arrange(0);
      world.textContent = '';
      drawn = { nodes: new Map(), edges: [], w: whole.w, h: whole.h };
      drawLevel(whole, make('g', { class: 'level' }, world));
      update();
    }

    function drawLevel(place, parent) {
      const { level, X, Y, inner } = place;
      const boxes = level.n.map(([node, x, y, w, h]) => {
        if (!inner.has(node)) return { x: X(x) - w / 2, y: Y(y) - h / 2, w, h };
        const left = X(x - w / 2), top = Y(y - h / 2);
        return { x: left, y: top, w: X(x + w / 2) - left, h: Y(y + h / 2) - top };
      });
      for (const [kernel, members] of level.r) {
        const left = Math.min(...members.map(i => boxes[i].x)) - 6;
        const top = Math.min(...members.map(i => boxes[i].y)) - 6;
        const right = Math.max(...members.map(i => boxes[i].x + boxes[i].w)) + 6;
        const bottom = Math.max(...members.map(i => boxes[i].y + boxes[i].h)) + 6;
        make('rect', { class: 'region', x: left, y: top, width: right - left, height: bottom - top,
          rx: 8, style: '--hue:' + hue(kernel), 'data-kernel': kernel }, parent);
      }
      const ends = new Map(level.n.map(([node, x, y, w, h]) => [node, { x, y, w, h, isOpen: inner.has(node) }]));
      for (const edge of level.e) {
        const points = curve(edge[2], X, Y, ends.get(edge[0]), ends.get(edge[1]));
        const line = make('path', { class: 'edge', d: path(points), 'marker-end': 'url(#head)',
          'data-from': edge[0], 'data-to': edge[1] }, parent);
        const entry = { edge, line };
        if (edge.length > 3) {
          const [x, y] = beside(edge[3], edge[4], edge[2], points);
          entry.value = make('text', { class: 'val', x, y: y - 2 }, parent);
          entry.adjoint = make('text', { class: 'adj', x, y: y + 9 }, parent);
        }
        drawn.edges.push(entry);
      }
      level.n.forEach(([node], i) => drawNode(node, boxes[i], inner.get(node), parent));
    }

    function drawNode(index, box, inside, parent) {
      const node = data.nodes[index];
      const kernels = node.p || [];
      const group = make('g', { class: 'node ' + node.k + (kernels.length === 1 && !inside ? ' hued' : ''),
        'data-node': index, tabindex: 0, role: 'button', 'aria-label': node.f || node.h.join(' '),
        transform: 'translate(' + box.x.toFixed(1) + ' ' + box.y.toFixed(1) + ')' }, parent);
      if (kernels.length === 1) group.style.setProperty('--hue', hue(kernels[0]));
      const round = { operation: 5, call: 5, scan: 5, group: 5 }[node.k] || 11;
      make('rect', { class: inside ? 'frame' : 'box', width: box.w, height: box.h, rx: round }, group);
      drawn.nodes.set(index, group);
      if (node.in !== undefined) {
        if (!inside)
          make('rect', { class: 'inner', x: 2.5, y: 2.5, width: box.w - 5, height: box.h - 5, rx: 3 }, group);
        const toggle = make('g', { class: 'toggle', 'data-toggle': index }, group);
        make('rect', { width: 22, height: 22, fill: 'transparent' }, toggle);
        make('text', { x: 7, y: 15 }, toggle, inside ? '▾' : '▸');
      }
      if (inside) {
        make('text', { class: 'name', x: 22, y: 15 }, group, node.h[0]);
        const x = (box.w - inside.w) / 2, y = bar + (box.h - bar - pad - inside.h) / 2;
        drawLevel(inside, make('g', { transform: 'translate(' + x + ' ' + y + ')' }, group));
        return;
      }
      const middle = box.w / 2 + (node.in !== undefined ? 7 : 0);
      node.h.forEach((line, i) => make('text', { class: i ? 'type' : 'name', x: middle, y: 16 + 14 * i,
        'text-anchor': 'middle' }, group, line));
      if (node.sum) make('text', { class: 'adj sum', x: middle, y: 16 + 14 * node.h.length }, group, node.sum);
      if (node.g) drawStrip(node, box, group);
      if (kernels.length > 1)
        kernels.slice(0, 10).forEach((kernel, i) => make('rect', { class: 'chip', x: box.w - 12 - 7 * i,
          y: box.h - 3, width: 6, height: 6, style: '--hue:' + hue(kernel) }, group));
    }

    // Filters: blue is negative, red is positive.
    function paint(node, first, count, columns) {
      const [w, h, , , text] = node.g;
      const bytes = atob(text);
      const sheet = document.createElement('canvas');
      sheet.width = columns * (w + 1) - 1;
      sheet.height = Math.ceil(count / columns) * (h + 1) - 1;
      const context = sheet.getContext('2d');
      const image = context.createImageData(w, h);
      for (let f = 0; f < count; f++) {
        for (let i = 0; i < w * h; i++) {
          const t = (bytes.charCodeAt((first + f) * w * h + i) - 128) / 127;
          const s = Math.abs(t), end = t < 0 ? [20, 70, 180] : [190, 40, 20];
          for (let c = 0; c < 3; c++) image.data[4 * i + c] = 248 + s * (end[c] - 248);
          image.data[4 * i + 3] = 255;
        }
        context.putImageData(image, (f % columns) * (w + 1), Math.floor(f / columns) * (h + 1));
      }
      return sheet;
    }

    function drawStrip(node, box, group) {
      const [w, h, count] = node.g;
      const shown = Math.min(count, Math.max(1, Math.floor((box.w - 16) / (28 * w / h + 2))));
      if (!node.strip) node.strip = paint(node, 0, shown, shown).toDataURL();
      make('image', { href: node.strip, x: 8, y: box.h - 34, width: box.w - 16, height: 28,
        style: 'image-rendering: pixelated' }, group);
    }

    // What is there after the step that the slider is at.
    function update() {
      const step = state.step, traced = last > 0;
      const now = step === 0 ? -1 : step <= data.forward.length ? data.forward[step - 1]
        : data.backward[step - 1 - data.forward.length];
      for (const [index, group] of drawn.nodes) {
        const node = data.nodes[index];
        const steps = [node.s, node.b];
        group.classList.toggle('later', traced && step < (node.s || 0));
        group.classList.toggle('selected', index === state.selected);
        group.classList.toggle('now', traced && step < last && (index === now || contains(index, now)));
        const sum = group.querySelector(':scope > .sum');
        if (sum) sum.classList.toggle('hidden', step < steps[1]);
      }
      for (const { edge, line, value, adjoint } of drawn.edges) {
        line.classList.toggle('later', traced && edge.length > 3 && step < edge[7]);
        line.classList.toggle('lit', edge[0] === state.selected || edge[1] === state.selected);
        if (!value) continue;
        value.textContent = step >= edge[7] ? at(edge[5]) : '';
        adjoint.textContent = step >= edge[8] && edge[8] > 0 ? at(edge[6]) : '';
      }
      for (const region of world.querySelectorAll('.region'))
        region.classList.toggle('lit', Number(region.dataset.kernel) === state.kernel);
      tellStep(now);
    }

    // Whether a node is somewhere inside of a composite that is folded.
    function contains(composite, node) {
      const inside = data.nodes[composite].in;
      if (inside === undefined || open.has(composite) || node < 0) return false;
      return data.levels[inside].n.some(([part]) =>
        part === node && !['enters', 'leaves'].includes(data.nodes[part].k) || contains(part, node));
    }

    """#
}
