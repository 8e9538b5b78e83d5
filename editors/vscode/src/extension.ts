// Starts the language server and hands it what VS Code asks; the server does the rest.
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";
import type { Answer } from "./checkpoint";
import { CheckpointView } from "./checkpointView";
import { findProgram, type Program } from "./program";
import { serverSettings } from "./settings";

const NAME = "torchload-lint";
const DOCUMENTATION = "pip install \"torchload-lint[lsp]\" in the project's environment, or set torchload-lint.path";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel(NAME);
  const view = new CheckpointView();
  const command = (name: string, run: (...given: never[]) => unknown) =>
    vscode.commands.registerCommand(`${NAME}.${name}`, run);
  context.subscriptions.push(
    output,
    vscode.window.registerTreeDataProvider(`${NAME}.checkpoint`, view),
    command("restart", () => restart(output)),
    command("showOutput", () => output.show()),
    command("fixAll", () => vscode.commands.executeCommand("editor.action.codeAction", {
      kind: `source.fixAll.${NAME}`, apply: "ifSingle",
    })),
    command("inspectCheckpoint", (file?: vscode.Uri) => inspectCheckpoint(view, file)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${NAME}.path`) || event.affectsConfiguration(`${NAME}.interpreter`)) {
        void restart(output);
      }
    }),
  );
  await restart(output);
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function restart(output: vscode.OutputChannel): Promise<void> {
  await client?.stop();
  const program = await chosenProgram();
  output.appendLine(`starting ${program.command} (${program.because})`);
  client = new LanguageClient(NAME, NAME, serverOptions(program), clientOptions(output));
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const shown = await vscode.window.showErrorMessage(
      `torchload-lint does not start (${program.command}): ${String(error)}. ${DOCUMENTATION}.`, "Show output");
    if (shown !== undefined) {
      output.show();
    }
  }
}

async function chosenProgram(): Promise<Program> {
  const settings = vscode.workspace.getConfiguration(NAME);
  const folders = (vscode.workspace.workspaceFolders ?? []).map((one) => one.uri.fsPath);
  return findProgram({
    program: settings.get<string>("path", ""),
    interpreter: settings.get<string>("interpreter", ""),
    selected: await selectedInterpreter(),
    folders,
    platform: process.platform,
  });
}

/** The interpreter that the Python extension has selected, where that extension is there. */
async function selectedInterpreter(): Promise<string | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const python = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  if (python === undefined) {
    return undefined;
  }
  const { environments } = await python.activate();
  const chosen = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
  return chosen?.executable.uri?.fsPath;
}

/** The part of the Python extension's interface that is used. */
interface PythonExtension {
  environments?: {
    getActiveEnvironmentPath(folder?: vscode.Uri): unknown;
    resolveEnvironment(environment: unknown): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
  };
}

function serverOptions(program: Program): ServerOptions {
  const cwd = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  return { command: program.command, args: program.args, options: cwd === undefined ? {} : { cwd } };
}

function clientOptions(output: vscode.OutputChannel): LanguageClientOptions {
  return {
    documentSelector: [{ language: "python", scheme: "file" }, { language: "python", scheme: "untitled" },
      { language: "python", notebook: "jupyter-notebook" }],
    outputChannel: output,
    initializationOptions: serverSettings(vscode.workspace.getConfiguration(NAME)),
    middleware: {
      workspace: {
        configuration: async (asked, token, next) => {
          const answers = await next(asked, token);
          return Array.isArray(answers) ? answers.map((one: unknown) => isRecord(one) ? serverSettings(one) : one) : answers;
        },
      },
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function inspectCheckpoint(view: CheckpointView, file?: vscode.Uri): Promise<void> {
  const chosen = file ?? (await vscode.window.showOpenDialog({ title: "Inspect a checkpoint" }))?.[0];
  if (chosen === undefined) {
    return;
  }
  if (client === undefined) {
    void vscode.window.showErrorMessage(`torchload-lint is not running: ${DOCUMENTATION}.`);
    return;
  }
  const answer = await client.sendRequest<Answer>("workspace/executeCommand", {
    command: `${NAME}.inspect`, arguments: [chosen.fsPath],
  });
  view.show(answer);
  await vscode.commands.executeCommand(`${NAME}.checkpoint.focus`);
}
