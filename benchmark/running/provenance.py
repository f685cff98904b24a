"""Where a result comes from: versions, commit, machine. It stands in every row, and decides nothing."""

__all__ = ["provenance"]

import functools
import importlib.metadata
import json
import subprocess
from pathlib import Path
from typing import Any

import torch

PACKAGE = "assimbench"
ROOT = Path(__file__).parents[2]
GIT_TIMEOUT_S = 20


def provenance(device: torch.device) -> dict[str, Any]:
    """`version`, `commit`, `dirty`, `torch`, `device`, `threads` and `dtype` of what is computed here and now.

    Arguments:
        device: Where methods work.

    Returns:
        `commit` is empty where the package is neither a checkout nor installed from one; `dirty` says whether a
        checkout holds changes that are not committed.
    """
    commit, dirty = _commit()
    return {
        "version": importlib.metadata.version(PACKAGE),
        "commit": commit,
        "dirty": dirty,
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "threads": torch.get_num_threads(),
        "dtype": str(torch.get_default_dtype()).removeprefix("torch."),
    }


@functools.cache
def _commit() -> tuple[str, bool]:
    """Of the checkout that the package is, else of the one that it was installed from."""
    if (ROOT / ".git").exists():
        try:
            return _git("rev-parse", "HEAD"), bool(_git("status", "--porcelain", "--untracked-files=no"))
        except (OSError, subprocess.SubprocessError):
            return "", False
    told = importlib.metadata.distribution(PACKAGE).read_text("direct_url.json")
    source = json.loads(told) if told else {}
    return str(source.get("vcs_info", {}).get("commit_id", "")), False


def _git(*words: str) -> str:
    command = ["git", "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=GIT_TIMEOUT_S).stdout.strip()
