// The real server over standard input and output, started as the extension starts it:
// TORCHLOAD_LINT_PYTHON names the interpreter that has it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-languageserver-protocol/node";
import type { CodeAction, Diagnostic, Hover, InitializeResult, InlayHint } from "vscode-languageserver-protocol/node";
import { rowsOf, type Answer } from "../src/checkpoint";
import { findProgram } from "../src/program";

const CODE = 'import torch\n\nWHERE = "m.pt"\nx = torch.load(WHERE)\ny = torch.load(p)\n';
/** What `torch.save({"a": 1}, "m.pt", _use_new_zipfile_serialization=False)` writes (torch 2.13). */
const CHECKPOINT = "gAKKCmz8nEb5IGqoUBkugAJN6QMugAJ9cQAoWBAAAABwcm90b2NvbF92ZXJzaW9ucQFN6QNYDQAAAGxpdHRsZV9lbmRpYW5xAohYCgAAAHR5cGVfc2l6ZXNxA31xBChYBQAAAHNob3J0cQVLAlgDAAAAaW50cQZLBFgEAAAAbG9uZ3EHSwR1dS6AAn1xAFgBAAAAYXEBSwFzLoACXXEALg==";
const interpreter = process.env["TORCHLOAD_LINT_PYTHON"] ?? "";

test("findings, quick fixes, fix all, hover, hints, a checkpoint; and the server ends in order",
  { skip: interpreter === "" && "TORCHLOAD_LINT_PYTHON is not set", timeout: 120_000 }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "tll-"));
  writeFileSync(path.join(folder, "torchload-lint.toml"), 'target-torch = "2.4"\n');
  writeFileSync(path.join(folder, "m.pt"), CHECKPOINT, "base64");
  const program = findProgram({ program: "", interpreter, selected: undefined, folders: [folder], platform: process.platform });
  const server = spawn(program.command, program.args, { cwd: folder, stdio: ["pipe", "pipe", "ignore"] });
  const ended = new Promise<number | null>((resolve) => server.on("exit", resolve));
  const connection = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  connection.onRequest(() => null);
  connection.listen();
  try {
    const uri = pathToFileURL(path.join(folder, "a.py")).href;
    const textDocument = { uri };
    const range = { start: { line: 3, character: 0 }, end: { line: 4, character: 17 } };
    const capabilities = { textDocument: { diagnostic: {}, codeAction: {} } };
    const begun = await connection.sendRequest<InitializeResult>("initialize",
      { processId: process.pid, rootUri: pathToFileURL(folder).href, capabilities });
    assert.deepEqual(begun.capabilities.executeCommandProvider?.commands,
      ["torchload-lint.inspect", "torchload-lint.show"]);
    assert.ok(begun.capabilities.inlayHintProvider);
    await connection.sendNotification("initialized", {});
    await connection.sendNotification("textDocument/didOpen",
      { textDocument: { uri, languageId: "python", version: 1, text: CODE } });

    const found = await connection.sendRequest<{ items: Diagnostic[] }>("textDocument/diagnostic", { textDocument });
    assert.ok(found.items.some((one) => one.code === "TLL102"));
    const context = { diagnostics: found.items };
    const actions = await connection.sendRequest<CodeAction[]>("textDocument/codeAction", { textDocument, range, context });
    assert.ok(actions.some((one) => one.isPreferred && JSON.stringify(one.edit).includes("weights_only=True")), JSON.stringify([actions, found]));
    assert.ok(actions.some((one) => one.kind === "source.fixAll.torchload-lint"));
    const hover = await connection.sendRequest<Hover>("textDocument/hover", { textDocument, position: { line: 3, character: 6 } });
    assert.ok(JSON.stringify(hover.contents).includes("m.pt"));
    const hints = await connection.sendRequest<InlayHint[]>("textDocument/inlayHint", { textDocument, range });
    assert.deepEqual(hints.map((one) => one.label), ["← m.pt"]);

    const answer = await connection.sendRequest<Answer>("workspace/executeCommand",
      { command: "torchload-lint.inspect", arguments: [path.join(folder, "m.pt")] });
    const holds = rowsOf(answer).find((row) => row.label === "Holds");
    assert.deepEqual(holds?.children.map((row) => [row.label, row.description]), [["['a']", "1"]]);

    await connection.sendRequest("shutdown");
    await connection.sendNotification("exit");
    assert.equal(await ended, 0);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});
