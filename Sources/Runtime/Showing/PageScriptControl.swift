// The rest of the page's script: what the panel tells, and what mouse, keyboard and slider do.

extension PageScript {
  static let panel = #"""
    const panel = document.getElementById('panel');

    function element(name, attributes, parent, text) {
      const made = document.createElement(name);
      for (const key in attributes) made.setAttribute(key, attributes[key]);
      if (text !== undefined) made.textContent = text;
      if (parent) parent.appendChild(made);
      return made;
    }

    function part(parent, id, title, text, style) {
      if (!text) return;
      element('h2', {}, parent, title);
      element('pre', { class: style || '', 'data-part': id }, parent, text);
    }

    // The operations inside of a composite, in order.
    function parts(composite) {
      return data.levels[data.nodes[composite].in].n.flatMap(([node]) => {
        const kind = data.nodes[node].k;
        if (kind === 'enters' || kind === 'leaves') return [];
        return data.nodes[node].in === undefined ? [node] : parts(node);
      });
    }

    function some(lines) {
      return lines.slice(0, 24).concat(lines.length > 24 ? ['… ' + (lines.length - 24) + ' more'] : []).join('\n');
    }

    function kernelTitle(index) {
      const kernel = data.kernels[index];
      return kernel.n + (kernel.l.length ? ', line' + (kernel.l.length > 1 ? 's ' : ' ') + kernel.l.join(', ') : '');
    }

    function tell(index) {
      state.selected = index;
      state.kernel = -1;
      panel.textContent = '';
      const node = data.nodes[index];
      const head = element('div', { class: 'head' }, panel, node.h[0]);
      element('small', {}, head, [node.y, node.l ? data.file + ', line ' + node.l : ''].filter(Boolean).join(' · '));
      const left = element('div', {}, panel);
      part(left, 'formula', 'Formula', node.f, 'wrap');
      const inner = node.in === undefined ? [] : parts(index);
      const rules = inner.length && !(node.r || []).length
        ? inner.slice().reverse().flatMap(part => data.nodes[part].r || []) : node.r || [];
      part(left, 'rule', inner.length ? 'Derivative rules of its parts' : 'Derivative rule', some(rules), 'wrap');
      part(left, 'value', 'Value', detail(at(node.v)), 'value');
      part(left, 'adjoint', 'Adjoint', detail(at(node.a)), 'adjoint');
      if (node.g) tellFilters(node, left);
      const middle = element('div', {}, panel);
      if (node.l) part(middle, 'line', 'Line ' + node.l, data.lines[node.l - 1], 'wrap');
      part(middle, 'ir', 'Tensor IR', some([node.i].concat(inner.map(part => data.nodes[part].i)).filter(Boolean)), 'wrap');
      const computed = node.p || [], back = (node.q || []).filter(k => !computed.includes(k));
      const all = computed.concat(back).slice(0, 8);
      for (const kernel of all)
        part(middle, 'kernel', (computed.includes(kernel) ? 'Kernel ' : 'Kernel of the adjoint ') + kernelTitle(kernel), data.kernels[kernel].i);
      const right = element('div', {}, panel);
      for (const kernel of all) part(right, 'c', 'C of ' + data.kernels[kernel].n, data.kernels[kernel].c);
      if (!all.length && node.i && node.k === 'operation')
        element('h2', {}, right, 'No kernel computes it by itself: it is read in place, or has become part of others.');
      update();
      keepInSight(index);
    }

    // The panel takes room; what it tells about stays in sight.
    function keepInSight(index) {
      const group = drawn.nodes.get(index);
      if (!group) return;
      const box = canvas.getBoundingClientRect(), node = group.getBoundingClientRect();
      const past = (low, high, least, most) => high > most ? Math.min(high - most, low - least) : low < least ? low - least : 0;
      view.x -= past(node.left, node.right, box.left + 10, box.right - 10);
      view.y -= past(node.top, node.bottom, box.top + 10, box.bottom - 10);
      place();
    }

    function tellFilters(node, parent) {
      const [w, h, count, greatest] = node.g;
      const columns = Math.min(count, w > 14 ? 8 : 16);
      element('h2', {}, parent, 'The first ' + count + ' filters, blue −' + greatest + ' to red ' + greatest);
      const sheet = paint(node, 0, count, columns);
      const factor = Math.max(1, Math.floor(400 / sheet.width));
      sheet.style.width = sheet.width * factor + 'px';
      sheet.dataset.part = 'filters';
      parent.appendChild(sheet);
    }

    function tellKernel(index) {
      state.selected = -1;
      state.kernel = index;
      panel.textContent = '';
      const kernel = data.kernels[index];
      element('div', { class: 'head' }, panel, 'Kernel ' + kernelTitle(index));
      part(element('div', {}, panel), 'computes', 'Computes', kernel.x.join('\n'), 'wrap');
      part(element('div', {}, panel), 'kernel', 'Kernel IR', kernel.i);
      part(element('div', {}, panel), 'c', 'C', kernel.c);
      update();
    }

    function tellStep(now) {
      const caption = document.getElementById('caption');
      if (!last) return;
      const slider = document.getElementById('slider');
      slider.value = state.step;
      if (now < 0) { caption.textContent = 'before the first step'; return; }
      const node = data.nodes[now], isForward = state.step <= data.forward.length;
      const text = isForward
        ? node.f + ' = ' + brief(at(node.v))
        : ['d ' + node.n + ' = ' + brief(at(node.a))].concat(node.r || []).join(';  ');
      caption.textContent = (isForward ? 'forward ' : 'backward ') + state.step + '/' + last + ':  ' + text;
      caption.title = text;
    }

    """#

  static let control = #"""
    let view = { x: 0, y: 0, scale: 1 };

    function place() {
      world.setAttribute('transform', 'translate(' + view.x + ' ' + view.y + ') scale(' + view.scale + ')');
    }

    function fit(least) {
      const box = canvas.getBoundingClientRect();
      const scale = Math.min(1.6, (box.width - 30) / drawn.w, (box.height - 30) / drawn.h);
      view.scale = Math.max(scale, least);
      view.x = Math.max(15, (box.width - drawn.w * view.scale) / 2);
      if (drawn.w * view.scale > box.width) view.x = (box.width - drawn.w * view.scale) / 2;
      view.y = Math.max(15, Math.min(40, (box.height - drawn.h * view.scale) / 2));
      place();
    }

    function zoom(factor, x, y) {
      const scale = Math.min(4, Math.max(0.05, view.scale * factor));
      view.x = x - (x - view.x) * scale / view.scale;
      view.y = y - (y - view.y) * scale / view.scale;
      view.scale = scale;
      place();
    }

    function zoomMiddle(factor) {
      const box = canvas.getBoundingClientRect();
      zoom(factor, box.width / 2, box.height / 2);
    }

    // The composite stays where it is on the screen.
    function toggle(index) {
      const before = drawn.nodes.get(index).getBoundingClientRect();
      if (open.has(index)) open.delete(index); else open.add(index);
      draw();
      const after = drawn.nodes.get(index).getBoundingClientRect();
      view.x += before.left + before.width / 2 - after.left - after.width / 2;
      view.y += before.top - after.top;
      place();
      drawn.nodes.get(index).focus({ preventScroll: true });
    }

    function unfoldAll() {
      let waiting = [0], count = data.levels[0].n.length;
      while (waiting.length) {
        const next = [];
        for (const level of waiting)
          for (const [node] of data.levels[level].n) {
            const inside = data.nodes[node].in;
            if (inside === undefined || count + data.levels[inside].n.length > 400) continue;
            count += data.levels[inside].n.length;
            open.add(node);
            next.push(inside);
          }
        waiting = next;
      }
      draw();
      fit(0.6);
    }

    function go(step) {
      state.step = Math.max(0, Math.min(last, step));
      update();
    }

    let timer = 0;
    function play() {
      const button = document.getElementById('play');
      if (timer) { clearInterval(timer); timer = 0; button.textContent = 'Play'; return; }
      if (state.step >= last) go(0);
      button.textContent = 'Pause';
      timer = setInterval(() => { if (state.step >= last) play(); else go(state.step + 1); }, 700);
    }

    const nodeAt = target => {
      const group = target.closest && target.closest('.node');
      return group ? Number(group.dataset.node) : -1;
    };
    let drag = null;
    canvas.addEventListener('pointerdown', event => {
      drag = { x: event.clientX, y: event.clientY, moved: false, id: event.pointerId };
    });
    canvas.addEventListener('pointermove', event => {
      if (!drag) return;
      const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
      if (!drag.moved && Math.abs(dx) + Math.abs(dy) < 5) return;
      if (!drag.moved) canvas.setPointerCapture(drag.id);
      drag.moved = true;
      canvas.classList.add('dragged');
      view.x += dx; view.y += dy;
      drag.x = event.clientX; drag.y = event.clientY;
      place();
    });
    canvas.addEventListener('pointerup', () => { canvas.classList.remove('dragged'); });
    canvas.addEventListener('pointercancel', () => { drag = null; canvas.classList.remove('dragged'); });
    canvas.addEventListener('click', event => {
      const moved = drag && drag.moved;
      drag = null;
      if (moved) return;
      const fold = event.target.closest('.toggle');
      if (fold) return toggle(Number(fold.dataset.toggle));
      const index = nodeAt(event.target);
      if (index >= 0) tell(index);
    });
    canvas.addEventListener('dblclick', event => {
      const index = nodeAt(event.target);
      if (index >= 0 && data.nodes[index].in !== undefined && !event.target.closest('.toggle')) toggle(index);
    });
    canvas.addEventListener('wheel', event => {
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });
    canvas.addEventListener('keydown', event => {
      const index = nodeAt(event.target);
      const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
      if (event.key === 'Enter' && index >= 0) tell(index);
      else if (event.key === ' ' && index >= 0 && data.nodes[index].in !== undefined) toggle(index);
      else if (event.key === '+' || event.key === '=') zoomMiddle(1.25);
      else if (event.key === '-') zoomMiddle(0.8);
      else if (event.key === '0') fit(0.05);
      else if (moves[event.key]) { view.x += moves[event.key][0]; view.y += moves[event.key][1]; place(); }
      else return;
      event.preventDefault();
    });

    const on = (id, event, act) => document.getElementById(id).addEventListener(event, act);
    on('unfold-all', 'click', unfoldAll);
    on('fold-all', 'click', () => { open.clear(); draw(); fit(0.6); });
    on('larger', 'click', () => zoomMiddle(1.25));
    on('smaller', 'click', () => zoomMiddle(0.8));
    on('fit', 'click', () => fit(0.05));
    if (last) {
      document.getElementById('steps').hidden = false;
      document.getElementById('slider').max = last;
      on('slider', 'input', event => go(Number(event.target.value)));
      on('back', 'click', () => go(state.step - 1));
      on('forth', 'click', () => go(state.step + 1));
      on('play', 'click', play);
      const steps = Math.max(1, ...data.nodes.map(node => (node.v || []).length));
      document.getElementById('scan').hidden = steps < 2;
      document.getElementById('scan-step').max = steps - 1;
      on('scan-step', 'input', event => {
        state.scan = Number(event.target.value) || 0;
        if (state.selected >= 0) tell(state.selected); else update();
      });
    }
    document.getElementById('kernels-title').textContent =
      data.kernels.length + ' kernel' + (data.kernels.length === 1 ? '' : 's') + ' of the ' + data.function;
    data.kernels.forEach((kernel, index) => {
      const button = element('button', { 'data-kernel': index },
        element('li', {}, document.getElementById('kernels')));
      element('span', { class: 'swatch', style: '--hue:' + hue(index) }, button);
      element('span', {}, button, kernel.n);
      if (kernel.x.length) element('small', {}, button, kernel.x[0].length > 60 ? kernel.x[0].slice(0, 59) + '…' : kernel.x[0]);
      button.addEventListener('click', () => tellKernel(index));
    });
    draw();
    const hint = element('div', {}, panel, 'Click a node: its formula, derivative rule, line, IR and C. '
      + '▸ or a double click unfolds a composite. Drag, wheel or arrow keys move the drawing.');
    hint.className = 'head';
    fit(0.75);
    window.addEventListener('resize', () => fit(0.6));
    })();
    """#
}
