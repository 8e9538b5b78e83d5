// Bundles the extension (and, with --tests, its tests) into dist/.
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const common = { bundle: true, platform: "node", format: "cjs", target: "node18", sourcemap: false };
await build({ ...common, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js", external: ["vscode"], minify: true });
if (process.argv.includes("--tests")) {
  const tests = readdirSync("test").map((name) => `test/${name}`);
  await build({ ...common, entryPoints: tests, outdir: "dist/test" });
}
