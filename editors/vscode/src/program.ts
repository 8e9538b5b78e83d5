// Which program is the server: what the settings name, what lies beside the project's interpreter,
// what is on the PATH. Knows nothing of VS Code.
import { existsSync } from "node:fs";
import * as path from "node:path";

/** What the user has said, and what is known of the workspace. */
export interface Surroundings {
  /** The setting `torchload-lint.path`. */
  program: string;
  /** The setting `torchload-lint.interpreter`. */
  interpreter: string;
  /** What the Python extension has selected, where it is there. */
  selected: string | undefined;
  /** The folders of the workspace. */
  folders: readonly string[];
  platform: NodeJS.Platform;
}

/** A command line that starts the server. */
export interface Program {
  command: string;
  args: string[];
  /** Why this one, for the output channel. */
  because: string;
}

const ENVIRONMENTS = [".venv", "venv", "env"];

/** The program to start; the last resort is the name itself, which the PATH may know. */
export function findProgram(given: Surroundings, exists: (file: string) => boolean = existsSync): Program {
  if (given.program) {
    return { command: given.program, args: ["server"], because: "named in the settings" };
  }
  for (const [interpreter, because] of interpreters(given)) {
    const beside = besideInterpreter(interpreter, given.platform);
    if (exists(beside)) {
      return { command: beside, args: ["server"], because: `beside ${interpreter}, ${because}` };
    }
    if (given.interpreter === interpreter) {
      return { command: interpreter, args: ["-m", "torchload_lint", "server"], because };
    }
  }
  return { command: "torchload-lint", args: ["server"], because: "on the PATH: no environment has it" };
}

function* interpreters(given: Surroundings): Generator<[string, string]> {
  if (given.interpreter) {
    yield [given.interpreter, "named in the settings"];
  }
  if (given.selected) {
    yield [given.selected, "selected in the Python extension"];
  }
  for (const folder of given.folders) {
    for (const name of ENVIRONMENTS) {
      yield [pythonIn(path.join(folder, name), given.platform), "the project's environment"];
    }
  }
}

function pythonIn(environment: string, platform: NodeJS.Platform): string {
  return platform === "win32"
    ? path.join(environment, "Scripts", "python.exe")
    : path.join(environment, "bin", "python");
}

function besideInterpreter(interpreter: string, platform: NodeJS.Platform): string {
  const name = platform === "win32" ? "torchload-lint.exe" : "torchload-lint";
  return path.join(path.dirname(interpreter), name);
}
