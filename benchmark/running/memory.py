"""Peak memory of one analysis."""

__all__ = ["peak_memory_mb", "reset_peak_memory"]

import contextlib
import resource
import sys
from pathlib import Path

import torch

PROC = Path("/proc/self")


def reset_peak_memory(device: torch.device) -> None:
    """Starts a new measurement, on the GPU, or for the whole process where the system can (Linux)."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return
    with contextlib.suppress(OSError):
        (PROC / "clear_refs").write_text("5")


def peak_memory_mb(device: torch.device) -> float:
    """Peak since `reset_peak_memory` [MB]: of the GPU's memory, or of the whole process, data and libraries included.

    Where the system cannot start anew it is the peak since the process began.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    with contextlib.suppress(OSError, StopIteration):
        lines = (PROC / "status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
