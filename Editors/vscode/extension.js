// Squiggles for .graph files: a short while after every change the text goes to `nncc check --syntax --json -`, and the errors
// that come back are shown where they stand. Plain JavaScript: nothing to build, nothing to install beside nncc.

'use strict';

const { spawn } = require('child_process');
const vscode = require('vscode');

/** The errors of all open graphs. */
let collection;
/** For each document, by URI: the timer before its check, the check that runs, and the number of the newest. */
const pending = new Map();
/** That nncc cannot be run is said once. */
let hasComplained = false;

function activate(context) {
  collection = vscode.languages.createDiagnosticCollection('nncc');
  const forget = (document) => {
    cancel(document);
    pending.delete(document.uri.toString());
    collection.delete(document.uri);
  };
  context.subscriptions.push(
    collection,
    vscode.workspace.onDidOpenTextDocument((document) => schedule(document, 0)),
    vscode.workspace.onDidChangeTextDocument((event) => schedule(event.document)),
    vscode.workspace.onDidCloseTextDocument(forget),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration('nncc')) return;
      hasComplained = false;
      for (const document of vscode.workspace.textDocuments) schedule(document, 0);
    }));
  for (const document of vscode.workspace.textDocuments) schedule(document, 0);
}

function deactivate() {
  for (const check of pending.values()) stop(check);
  pending.clear();
}

function stop(check) {
  clearTimeout(check.timer);
  if (check.process) check.process.kill();
}

function cancel(document) {
  const check = pending.get(document.uri.toString());
  if (check) stop(check);
}

/** Looks at a document after `delay` milliseconds without a change. */
function schedule(document, delay) {
  if (document.languageId !== 'graph') return;
  cancel(document);
  const wait = delay ?? vscode.workspace.getConfiguration('nncc').get('delay', 250);
  const check = { timer: setTimeout(() => run(document, check), wait), process: undefined };
  pending.set(document.uri.toString(), check);
}

function run(document, check) {
  const program = vscode.workspace.getConfiguration('nncc').get('path', 'nncc');
  const text = document.getText();
  const name = vscode.workspace.asRelativePath(document.uri);
  // `--file=` because a name may begin with a dash.
  const child = spawn(program, ['check', '--syntax', '--json', '-', `--file=${name}`]);
  check.process = child;
  const pieces = [];
  let said = '';
  child.stdout.on('data', (piece) => pieces.push(piece));
  child.stderr.on('data', (piece) => { said += piece; });
  // nncc may end before it has read everything; its answer says why.
  child.stdin.on('error', () => {});
  child.on('error', (error) => complain(`${program} cannot be run: ${error.message}`));
  child.on('close', (status) => {
    // A newer check, or a document that was closed, makes this answer worthless.
    if (pending.get(document.uri.toString()) !== check) return;
    check.process = undefined;
    if (status !== 0 && status !== 65) {
      if (status !== null && status >= 0) complain(`${program} ended with status ${status}: ${said}`);
      return;
    }
    collection.set(document.uri, diagnostics(JSON.parse(Buffer.concat(pieces).toString('utf8')), document, text));
  });
  child.stdin.end(text);
}

function complain(message) {
  if (hasComplained) return;
  hasComplained = true;
  vscode.window.showWarningMessage(`nncc: ${message.trim()}. The setting nncc.path says which nncc is used.`);
}

/** What VS Code shows of a report on `text`. */
function diagnostics(report, document, text) {
  const lines = text.split(/\r?\n/);
  return report.diagnostics.map((error) => {
    const shown = new vscode.Diagnostic(
      range(lines, error.line, error.column, error.end_column), error.message,
      vscode.DiagnosticSeverity.Error);
    shown.source = 'nncc';
    // Notes about other texts, such as functions of the language, have no place here.
    shown.relatedInformation = error.notes.filter((note) => note.file === report.file).map((note) =>
      new vscode.DiagnosticRelatedInformation(
        new vscode.Location(document.uri, range(lines, note.line, note.column, note.column + 1)),
        note.message));
    return shown;
  });
}

/** A place of nncc, which counts from 1 and in bytes of UTF-8, as VS Code's, which counts from 0 and in units of UTF-16. */
function range(lines, line, column, end) {
  if (line === null) return new vscode.Range(0, 0, 0, Math.max(1, lines[0].length));
  const bytes = Buffer.from(lines[line - 1] ?? '', 'utf8');
  const unit = (column) => bytes.subarray(0, column - 1).toString('utf8').length;
  let [first, last] = [unit(column), unit(end)];
  // An error at the end of a line is shown under its last character.
  if (first === last && first > 0) first -= 1;
  return new vscode.Range(line - 1, first, line - 1, Math.max(last, first + 1));
}

module.exports = { activate, deactivate };
