"""What is wrong? One file a rule; each is a function of one fact and a context."""

from __future__ import annotations

from torchload_lint.rules import (
    custom_pickle_module,
    dangerous_checkpoint,
    dangerous_safe_global,
    forced_unsafe_load,
    implicit_weights_only,
    indirect_unsafe_loader,
    invalid_safe_global,
    mismatched_safe_global,
    missing_safe_globals,
    overlapping_safe_globals,
    patched_torch_load,
    process_wide_safe_globals,
    self_chosen_safe_globals,
    undecided_weights_only,
    unknown_needs,
    unloadable_checkpoint,
    unloadable_when_saved,
    unneeded_safe_global,
    unparsable_source,
    unreadable_checkpoint,
    unreadable_source,
    unsafe_fallback,
    unused_suppression,
    vulnerable_torch_allowed,
    weights_only_disabled,
    whole_module_saved,
)
from torchload_lint.rules.base import Rule
from torchload_lint.rules.context import Checkpoints, Context

RULES: tuple[Rule, ...] = (
    unparsable_source.RULE,
    unreadable_source.RULE,
    weights_only_disabled.RULE,
    implicit_weights_only.RULE,
    missing_safe_globals.RULE,
    unloadable_checkpoint.RULE,
    undecided_weights_only.RULE,
    custom_pickle_module.RULE,
    unsafe_fallback.RULE,
    indirect_unsafe_loader.RULE,
    unknown_needs.RULE,
    dangerous_safe_global.RULE,
    unneeded_safe_global.RULE,
    process_wide_safe_globals.RULE,
    mismatched_safe_global.RULE,
    invalid_safe_global.RULE,
    overlapping_safe_globals.RULE,
    self_chosen_safe_globals.RULE,
    forced_unsafe_load.RULE,
    patched_torch_load.RULE,
    vulnerable_torch_allowed.RULE,
    whole_module_saved.RULE,
    unloadable_when_saved.RULE,
    dangerous_checkpoint.RULE,
    unreadable_checkpoint.RULE,
    unused_suppression.RULE,
)
"""Every rule, by code."""

__all__ = ["RULES", "Checkpoints", "Context", "Rule"]
