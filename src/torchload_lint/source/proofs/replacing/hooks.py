"""Words of files that hang code of their own onto what a proof uses (data)."""

from __future__ import annotations

HOOKS = (
    *(
        (
            start,
            word,
            (
                rf"\.\s*{word}\s*(?:=(?!=)|,[^=\n]*(?<![=!<>])=(?!=)|\.\w+\s*=(?!=)|\bin\b)"
                rf"|\bredirect_{word}\b|\bsetattr\([^)\n]*['\"]{word}|\bvars\(\s*sys\b"
            ),
        )
        for start in ("builtins.print", "logging.", "warnings.")
        for word in ("stdout", "stderr")
    ),
    ("torch.nn.", "register_module_", r"\bregister_module_\w*hook\("),
    ("", "meta_path", r"\bmeta_path\b"),
    ("", "path_hooks", r"\bpath_hooks\b"),
    ("", "__kwdefaults__", r"\b__kwdefaults__\b"),
    (
        "",
        "f_locals",
        (
            r"(?m)\bf_locals\s*(?:\[[^\]\n]*\]\s*=(?!=)|\|=|\.\s*(?:update|setdefault|__setitem__)\b)"
            r"|(?:=|\breturn\b|\byield\b)[^=\n]*\bf_locals\s*(?:[;#]|$)"
            r"|(?:^|[^\w.])(?!(?:dict|len|list|print|repr|set|sorted|str|tuple)\()[\w.]+\("
            r"(?:[^\n()]|\([^\n()]*\))*\bf_locals\s*[,)]"
        ),
    ),
    ("", "get_refer", r"\bget_refer(?:ents|rers)\b"),
    ("", "get_objects", r"\bget_objects\b"),
    *(("", word, rf"\b{word}\b") for word in ("_convert_", "global_enum")),
    ("", "modules", r"\b(?:getattr|vars)\(\s*sys\b|\bsys\.__dict__"),
)
"""Where it starts what a proof uses (empty: imports, which all do) → a word of files that hang code
of their own onto it."""

WHERE = {
    "__kwdefaults__": "functions",
    "_convert_": "names of a file",
    "f_locals": "names of a file",
    "get_objects": "any object",
    "get_refer": "any object",
    "global_enum": "names of a file",
}
"""What a word stands for, where it is not imports."""
