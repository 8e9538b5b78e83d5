// The view "Checkpoint": one file, as rows that unfold.
import * as vscode from "vscode";
import { rowsOf, type Answer, type Row } from "./checkpoint";

export class CheckpointView implements vscode.TreeDataProvider<Row> {
  private rows: Row[] = [];
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;

  show(answer: Answer): void {
    this.rows = rowsOf(answer);
    this.changed.fire();
  }

  getChildren(row?: Row): Row[] {
    return row === undefined ? this.rows : row.children;
  }

  getTreeItem(row: Row): vscode.TreeItem {
    const { None, Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    const state = row.children.length === 0 ? None : row.isOpen ? Expanded : Collapsed;
    const item = new vscode.TreeItem(row.label, state);
    item.description = row.description;
    item.tooltip = `${row.label} ${row.description}`.trim();
    item.iconPath = new vscode.ThemeIcon(row.icon);
    return item;
  }
}
