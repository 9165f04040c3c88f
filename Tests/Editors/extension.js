// The VS Code extension without VS Code: a stand-in for its interface opens, changes and closes documents, and what the extension
// shows is printed as JSON, a line for each.
//
// usage: node extension.js EXTENSION NNCC

'use strict';

const Module = require('module');
const [extensionPath, nncc] = process.argv.slice(2);

const listeners = {};
const listen = (name) => (listener) => {
  (listeners[name] ??= []).push(listener);
  return { dispose() {} };
};
const fire = (name, value) => listeners[name].forEach((listener) => listener(value));
const shown = new Map();
const warnings = [];
const settings = { path: nncc, delay: 20 };
const vscode = {
  languages: {
    createDiagnosticCollection: () => ({
      set: (uri, list) => shown.set(uri.toString(), list),
      delete: (uri) => shown.delete(uri.toString()),
      dispose() {},
    }),
  },
  workspace: {
    textDocuments: [],
    getConfiguration: () => ({ get: (name, fallback) => settings[name] ?? fallback }),
    asRelativePath: (uri) => uri.path,
    onDidOpenTextDocument: listen('open'),
    onDidChangeTextDocument: listen('change'),
    onDidCloseTextDocument: listen('close'),
    onDidChangeConfiguration: listen('configure'),
  },
  window: { showWarningMessage: (message) => warnings.push(message) },
  DiagnosticSeverity: { Error: 0 },
  Diagnostic: class { constructor(range, message, severity) { Object.assign(this, { range, message, severity }); } },
  DiagnosticRelatedInformation: class { constructor(location, message) { Object.assign(this, { location, message }); } },
  Location: class { constructor(uri, range) { Object.assign(this, { uri, range }); } },
  Range: class { constructor(...numbers) { this.numbers = numbers; } },
};
const load = Module._load;
Module._load = (request, ...rest) => (request === 'vscode' ? vscode : load(request, ...rest));
const extension = require(extensionPath);

function document(name, text, languageId = 'graph') {
  const uri = { path: name, toString: () => `file:///${name}` };
  return { uri, languageId, text, getText() { return this.text; } };
}

async function until(condition) {
  for (let tries = 0; tries < 500; tries++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nothing happened for ten seconds');
}

function print(label, doc) {
  const list = shown.get(doc.uri.toString());
  console.log(JSON.stringify({
    label,
    squiggles: list && list.map((one) => ({
      range: one.range.numbers, message: one.message, notes: one.relatedInformation.map((note) => note.location.range.numbers),
    })),
  }));
}

(async () => {
  const first = document('-odd name.graph', '# größe \u{1F9E0}\r\ninput x : f32[2, 3]\r\noutput dto(x, x) as y # ä\r\n');
  const other = document('notes.txt', 'output q', 'plaintext');
  vscode.workspace.textDocuments.push(first, other);
  extension.activate({ subscriptions: [] });
  await until(() => shown.has(first.uri.toString()));
  print('opened', first);
  print('not a graph', other);

  // Typing: the last of several changes counts.
  for (const text of ['output q', 'input x : f32[2]\noutput q', 'input x : f32[2]\noutput x']) {
    first.text = text;
    fire('change', { document: first });
  }
  await until(() => shown.get(first.uri.toString()).length === 0);
  print('mended', first);

  first.text = 'def f(a) {\n  return a @ a\n}\ninput x : f32[2, 3]\noutput f(x) as y\ny = x € +';
  fire('change', { document: first });
  await until(() => shown.get(first.uri.toString()).length > 0);
  print('several', first);

  first.text = '';
  fire('change', { document: first });
  await until(() => shown.get(first.uri.toString())[0]?.range.numbers[0] === 0);
  print('empty', first);

  fire('close', first);
  print('closed', first);

  settings.path = '/no/such/nncc';
  for (let times = 0; times < 3; times++) {
    fire('open', document(`absent${times}.graph`, 'output x'));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await until(() => warnings.length > 0);
  console.log(JSON.stringify({ label: 'warnings', count: warnings.length, names: warnings[0].includes('/no/such/nncc') }));
  extension.deactivate();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
