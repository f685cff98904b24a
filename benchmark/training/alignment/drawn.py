"""Candidates on disk while they are drawn, so that a run that was killed need not draw them again."""

__all__ = ["load_drawn", "save_drawn"]

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from benchmark.files import write_whole
from benchmark.problem import BenchError


def save_drawn(path: Path, identity: str, increments: Tensor, rewards: Tensor, seconds: float) -> None:
    """Writes what there is so far.

    Arguments:
        path: File; its old content stays until the new one is whole.
        identity: What the candidates are; those of another one are drawn anew.
        increments: Shape (case, member, *latent_shape).
        rewards: Shape (case, member, reward).
        seconds: What it took.
    """
    metadata = {"identity": identity, "seconds": str(seconds)}
    content = save({"increments": increments.contiguous(), "rewards": rewards.contiguous()}, metadata)
    write_whole(path, lambda temporary: temporary.write_bytes(content))


def load_drawn(path: Path, identity: str) -> tuple[Tensor, Tensor, float] | None:
    """Increments, rewards and what they took [s], or None if there are none of this identity.

    Raises:
        BenchError: If the file is damaged.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("identity") != identity:
                return None
            return file.get_tensor("increments"), file.get_tensor("rewards"), float(metadata["seconds"])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise BenchError(f"The candidates {path} are damaged ({error}); delete the file and train anew.") from error
