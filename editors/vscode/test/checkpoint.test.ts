import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf, type Checkpoint, type Row } from "../src/checkpoint";

const CHECKPOINT: Checkpoint = {
  path: "/runs/m.pt", verdict: "needs-safe-globals", container: "zip", fine: false,
  needs: [{ name: "a.B", allowed: false, trust: "unknown", where: ["['x']"] }],
  problems: ["damaged"],
  tree: { step: "", headline: "dict, 2 entries", goesOn: true,
    children: [{ step: "['x']", headline: "1", children: [], goesOn: false }] },
};

function shown(rows: Row[]): string[] {
  return rows.flatMap((row) => [`${row.label} ${row.description}`.trim(), ...shown(row.children)]);
}

test("verdict, problems, needs and tree, each a row that unfolds", () => {
  assert.deepEqual(shown(rowsOf(CHECKPOINT)), [
    "m.pt zip: loads with an allowlist", "Problems", "damaged", "Needs 1", "a.B unknown at ['x']",
    "Holds dict, 2 entries", "['x'] 1", "… more",
  ]);
});

test("a file of which nothing can be shown has its verdict alone", () => {
  assert.deepEqual(shown(rowsOf({ ...CHECKPOINT, needs: [], problems: [], tree: null })), ["m.pt zip: loads with an allowlist"]);
});

test("a wrong configuration is told", () => {
  assert.deepEqual(shown(rowsOf({ error: "unknown key" })), ["unknown key"]);
});
