// A checkpoint as the server tells it (src/torchload_lint/editors/checkpoint_answer.py), and the
// rows that a tree view shows of it. Knows nothing of VS Code.

export interface Node {
  step: string;
  headline: string;
  children: Node[];
  goesOn: boolean;
}

export interface Need {
  name: string;
  allowed: boolean;
  trust: string;
  where: string[];
}

export interface Checkpoint {
  path: string;
  verdict: string;
  container: string;
  fine: boolean;
  needs: Need[];
  problems: string[];
  tree: Node | null;
}

/** What the server answers: a checkpoint, or what is wrong with the configuration. */
export type Answer = Checkpoint | { error: string };

export interface Row {
  label: string;
  description: string;
  /** The name of a codicon. */
  icon: string;
  children: Row[];
  isOpen: boolean;
}

/** What the verdicts of the command line mean, in few words. */
const VERDICTS: Record<string, string> = {
  "loads": "loads as it is",
  "needs-safe-globals": "loads with an allowlist",
  "needs-stand-in": "loads only with a stand-in",
  "cannot-load": "cannot be loaded weights-only",
  "dangerous": "would run code",
  "unreadable": "is no readable checkpoint",
};

/** The rows of a checkpoint: its verdict, what it needs, what is wrong, what it holds. */
export function rowsOf(answer: Answer): Row[] {
  if ("error" in answer) {
    return [row(answer.error, "", "error")];
  }
  const name = answer.path.replace(/^.*[\\/]/, "");
  const rows = [row(name, `${answer.container}: ${VERDICTS[answer.verdict] ?? answer.verdict}`, answer.fine ? "pass" : "warning")];
  if (answer.problems.length > 0) {
    rows.push(row("Problems", "", "error", answer.problems.map((one) => row(one, "", "circle-small")), true));
  }
  if (answer.needs.length > 0) {
    rows.push(row("Needs", `${answer.needs.length}`, "key", answer.needs.map(needRow), true));
  }
  if (answer.tree !== null) {
    rows.push(treeRow({ ...answer.tree, step: "Holds" }, true));
  }
  return rows;
}

function needRow(need: Need): Row {
  const at = need.where[0] === undefined ? "" : ` at ${need.where[0]}`;
  return row(need.name, `${need.trust}${at}`, need.allowed ? "pass" : "warning");
}

function treeRow(node: Node, isOpen: boolean): Row {
  const children = node.children.map((child) => treeRow(child, false));
  if (node.goesOn) {
    children.push(row("…", "more", "ellipsis"));
  }
  return row(node.step, node.headline, children.length > 0 ? "json" : "symbol-field", children, isOpen);
}

function row(label: string, description: string, icon: string, children: Row[] = [], isOpen = false): Row {
  return { label, description, icon, children, isOpen };
}
