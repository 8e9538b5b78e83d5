"""Stable-Baselines3: agents in a zip file."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_AGENTS = (
    "A2C|DDPG|DQN|HER|PPO|SAC|TD3|ARS|CrossQ|MaskablePPO|QRDQN|RecurrentPPO|TQC|TRPO|BaseAlgorithm"
    "|OnPolicyAlgorithm|OffPolicyAlgorithm"
)
"""stable_baselines3 2.9.2 and sb3_contrib; ``VecNormalize.load`` is no torch.load."""
_SB3 = (Behaviour(Does.FALSE, "stable_baselines3 2.3.2 and 2.9.2, common/save_util.py"),)

LIBRARY = Library(
    roots=("stable_baselines3", "sb3_contrib"),
    distributions=("stable-baselines3", "stable_baselines3"),
    words=(".load(", "load_from_zip_file"),
    loaders=(
        Loader("load", "path", ("path", "env", "device"), _SB3, of=_AGENTS),
        Loader("load_from_zip_file", "load_path", ("load_path",), _SB3),
    ),
)  # fmt: skip
