// The packaged extension in code-server, in headless Chromium: findings, hover, inlay hints, a quick
// fix, fix all, the tree of a checkpoint. CODE_SERVER, CHROMIUM and
// TORCHLOAD_LINT_PYTHON name the programs; PICTURES a folder for screenshots.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const HERE = import.meta.dirname;
const DEMO = path.join(HERE, "..", "..", "..", "fixtures", "demo");
const PACKAGE = path.join(HERE, "..", "dist", "torchload-lint.vsix");
const SECONDS = 1000;

const programs = Object.fromEntries(["CODE_SERVER", "CHROMIUM", "TORCHLOAD_LINT_PYTHON"].map((name) => {
  assert.ok(process.env[name], `${name} is not set`);
  return [name, process.env[name]];
}));

const folder = mkdtempSync(path.join(tmpdir(), "tll-editor-"));
const project = path.join(folder, "demo");
cpSync(DEMO, project, { recursive: true });
const options = ["--user-data-dir", path.join(folder, "data"), "--extensions-dir", path.join(folder, "extensions")];
mkdirSync(path.join(folder, "data", "User"), { recursive: true });
writeFileSync(path.join(folder, "data", "User", "settings.json"), JSON.stringify({
  "security.workspace.trust.enabled": false,
  "workbench.startupEditor": "none",
  "torchload-lint.interpreter": programs.TORCHLOAD_LINT_PYTHON,
}));
execFileSync(programs.CODE_SERVER, [...options, "--install-extension", PACKAGE]);

const port = await freePort();
const server = spawn(programs.CODE_SERVER,
  [...options, "--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", project], { stdio: "ignore" });
const browser = await chromium.launch({ executablePath: programs.CHROMIUM, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await tryAll(page).catch(async (error) => {
    await picture(page, "vscode-failed");
    throw error;
  });
  console.log("findings, hover, hints, a quick fix, fix all and the tree of a checkpoint: as they should be");
} finally {
  await browser.close();
  server.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
}

async function tryAll(page) {
  await connect(page);
  await openFile(page, "predict.py");
  const squiggle = page.locator(".squiggly-warning, .squiggly-error").first();
  await squiggle.waitFor({ timeout: 90 * SECONDS });

  await command(page, "Problems: Focus on Problems View");
  const problems = page.locator(".markers-panel");
  await problems.getByText("torchload-lint", { exact: false }).first().waitFor();
  await picture(page, "vscode-problems");

  await page.locator(".monaco-editor .view-line", { hasText: "torch.load" }).first().locator("span", { hasText: "load" }).last().hover();
  await page.locator(".monaco-hover", { hasText: "weights/" }).first().waitFor({ timeout: 30 * SECONDS });
  await picture(page, "vscode-hover");

  await page.locator(".monaco-editor .view-line", { hasText: "torch.load" }).first().click();
  await page.keyboard.press("Control+.");
  await page.locator(".action-widget", { hasText: "torchload-lint: suppress TLL103" }).waitFor({ timeout: 30 * SECONDS });
  await page.keyboard.press("Enter");
  await saved(page, "predict.py", "safe_globals");

  await openFile(page, "resume.py");
  await page.locator(".view-line", { hasText: "← " }).first().waitFor({ timeout: 30 * SECONDS });
  await command(page, "torchload-lint: Fix all that can be fixed safely");
  await saved(page, "resume.py", "weights_only=True");

  await page.locator(".explorer-folders-view").getByText("weights", { exact: true }).click();
  await page.locator(".explorer-folders-view").getByText("state.pt", { exact: true }).click({ button: "right" });
  await page.locator(".monaco-menu").getByText("Inspect a checkpoint").hover();
  await page.keyboard.press("Enter");  // a menu that has just opened takes no click
  const tree = page.locator(".pane-body .monaco-list-row", { hasText: "Holds" });
  await tree.waitFor({ timeout: 30 * SECONDS });
  await picture(page, "vscode-checkpoint");
}

async function connect(page) {
  for (let attempt = 0; ; attempt++) {
    try {
      await page.goto(`http://127.0.0.1:${port}/`);
      break;
    } catch (error) {
      if (attempt === 60) {
        throw error;
      }
      await page.waitForTimeout(SECONDS);
    }
  }
  await page.locator(".monaco-workbench").waitFor({ timeout: 120 * SECONDS });
}

async function openFile(page, name) {
  await page.locator(".explorer-folders-view").getByText(name, { exact: true }).dblclick();
  await page.locator(".tab.active", { hasText: name }).waitFor();
}

async function command(page, title) {
  await page.locator(".monaco-workbench").press("F1");
  await fillQuickInput(page, `>${title}`);
}

async function fillQuickInput(page, text) {
  const input = page.locator(".quick-input-widget input[type=text]");
  await input.fill(text);
  await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
  await page.waitForTimeout(SECONDS);
  await input.press("Enter");
  await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
}

/** Wait until the editor shows a text that a fix wrote, save, and wait until the file holds it. */
async function saved(page, name, text) {
  await page.locator(".view-line", { hasText: text }).first().waitFor({ timeout: 30 * SECONDS });
  await command(page, "File: Save");
  const written = () => readFileSync(path.join(project, name), "utf8").includes(text);
  for (let attempt = 0; attempt < 60 && !written(); attempt++) {
    await page.waitForTimeout(SECONDS / 2);
  }
  assert.ok(written(), `${name} was not saved`);
}

async function picture(page, name) {
  if (process.env.PICTURES) {
    await page.screenshot({ path: path.join(process.env.PICTURES, `${name}.png`) });
  }
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
