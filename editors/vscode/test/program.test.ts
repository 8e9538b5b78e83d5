import assert from "node:assert/strict";
import * as path from "node:path";
import { test } from "node:test";
import { findProgram, type Surroundings } from "../src/program";
import { serverSettings } from "../src/settings";

const NOTHING: Surroundings = { program: "", interpreter: "", selected: undefined, folders: ["/work"], platform: "linux" };

function found(given: Partial<Surroundings>, ...there: string[]): string {
  const program = findProgram({ ...NOTHING, ...given }, (file) => there.includes(file));
  return [program.command, ...program.args].join(" ");
}

test("what the settings name is started, whatever else is there", () => {
  assert.equal(found({ program: "/opt/tll", selected: "/usr/bin/python" }, "/usr/bin/torchload-lint"), "/opt/tll server");
});

test("the program beside the interpreter: named, selected, the project's", () => {
  const project = path.join("/work", ".venv", "bin", "torchload-lint");
  assert.equal(found({ interpreter: "/a/bin/python", selected: "/b/bin/python" }, "/a/bin/torchload-lint", "/b/bin/torchload-lint"),
    "/a/bin/torchload-lint server");
  assert.equal(found({ selected: "/b/bin/python" }, "/b/bin/torchload-lint", project), "/b/bin/torchload-lint server");
  assert.equal(found({ selected: "/b/bin/python" }, project), `${project} server`);
  assert.equal(found({}, path.join("/work", "venv", "bin", "torchload-lint")), `${path.join("/work", "venv", "bin", "torchload-lint")} server`);
});

test("an interpreter that is named and has no program beside it runs the module", () => {
  assert.equal(found({ interpreter: "/a/bin/python" }), "/a/bin/python -m torchload_lint server");
});

test("else the PATH decides", () => {
  assert.equal(found({ selected: "/b/bin/python" }), "torchload-lint server");
});

test("only settings that are set, and are the server's, are handed over", () => {
  const given = { path: "/a", interpreter: "", configuration: "", targetTorch: null, ignore: ["TLL102"], get: () => 1 };
  assert.deepEqual(serverSettings(given), { ignore: ["TLL102"] });
});
