"""What is wrong? One file a rule; each is a function of one fact and a context."""

from __future__ import annotations

from torchload_lint.rules.allowlists import (
    dangerous_safe_global,
    invalid_safe_global,
    mismatched_safe_global,
    missing_restore_only,
    overlapping_safe_globals,
    process_wide_safe_globals,
    self_chosen_safe_globals,
    unneeded_safe_global,
)
from torchload_lint.rules.base import Rule
from torchload_lint.rules.checkpoints import dangerous_checkpoint, unreadable_checkpoint
from torchload_lint.rules.context import Checkpoints, Context
from torchload_lint.rules.files import unparsable_source, unreadable_source, unused_suppression
from torchload_lint.rules.loads import (
    custom_pickle_module,
    implicit_weights_only,
    indirect_unsafe_loader,
    missing_safe_globals,
    undecided_weights_only,
    unknown_needs,
    unloadable_checkpoint,
    unsafe_fallback,
    weights_only_disabled,
)
from torchload_lint.rules.saves import unloadable_when_saved, whole_module_saved
from torchload_lint.rules.surroundings import (
    forced_unsafe_load,
    patched_torch_load,
    vulnerable_torch_allowed,
)

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
    missing_restore_only.RULE,
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
