"""Networks of priors as machine code of their own (torch.compile), for runs long enough to pay for the making."""

__all__ = ["compile_denoiser"]

import os
import shutil

import torch
from torch import nn

from benchmark.problem import BenchError, Component
from methods.priors.backbone import Backbone

COMPILERS = ("g++", "clang++")


def compile_denoiser(part: Component) -> None:
    """Has the network of a prior compiled when it is first called, which takes some twenty seconds for each shape of
    its batches; its numbers move by rounding. Of a component that is no prior nothing is compiled: an autoencoder is
    also differentiated forwards, which compiled code is not.

    Arguments:
        part: The component, which is changed.

    Raises:
        BenchError: If there is no C++ compiler for a network on the CPU.
    """
    if not isinstance(part, nn.Module) or not hasattr(part, "denoise"):
        return
    device = next(part.parameters()).device
    if device.type == "cpu" and not any(map(shutil.which, (os.environ.get("CXX", ""), *COMPILERS))):
        raise BenchError("compile=true needs a C++ compiler; install g++, name one in CXX, or take compile=false.")
    # members of the last batch of cases are fewer: a second shape is made of any size
    torch._dynamo.config.cache_size_limit = max(torch._dynamo.config.cache_size_limit, 64)
    for module in part.modules():
        if isinstance(module, Backbone):
            module.compile()
