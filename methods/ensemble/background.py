"""The background ensemble that an ensemble method starts from."""

__all__ = ["centred"]

from torch import Tensor

from benchmark.problem import BenchError, Method, Problem


def centred(method: Method, problem: Problem) -> tuple[Tensor, Tensor]:
    """What the members are centred on, shape (case, 1, channel, latitude, longitude), and their anomalies, shape
    (case, member, ...).

    Arguments:
        method: Says by its parameter `centre` whether that is the `background` or the members' own mean (`ensemble`).
        problem: Has the members.

    Raises:
        BenchError: Where there are no two members.
    """
    states = problem.ensemble
    if states is None or states.shape[1] < 2:
        raise BenchError(f"{method.name} needs a background ensemble of at least two members; give --ensemble 20.")
    mean = states.mean(1, keepdim=True)
    return problem.background[:, None] if method["centre"] == "background" else mean, states - mean
