"""The commands, and what a line of the help says of each."""

from __future__ import annotations

COMMANDS = {
    "check": "Find the loads; --fix rewrites them (the default command).",
    "inspect": "Show what a checkpoint holds and needs, without running it.",
    "scan": "Judge the checkpoints of buckets or folders, as many as there are, into a table.",
    "migrate": "Rewrite a checkpoint so that it loads without any allowlist, without running it.",
    "verify": "Load what the code loads with real torch, under the allowlists that it gives.",
    "loads": "List every load with what is known of it: path, files, needs.",
    "record": "Run a command and note which file each of its loads opens.",
    "rule": "Explain a rule.",
    "server": "Run the language server, for editors.",
    "show-settings": "Show the settings that hold for a path, and where they come from.",
}
"""Command → its line in the help; each lives in the module of that name, imported when called."""

DEFAULT = "check"
