"""Puts a method to the contract, clause by clause."""

__all__ = ["CASES", "CLAUSES", "MEMBERS", "READY", "check_method"]

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import BenchError, Method, Need, first_line
from benchmark.worlds import GaussianSpec, load_spec
from methods.registry import find_method

from ..experiment import MethodRequest
from ..planning import check_overrides, method_parameters
from ..request import RunRequest
from ..skipping import SENTENCES, unmet
from .answers import ALL_OBSERVED, BEST_ITERATE, CLOSER, NOTHING_OBSERVED
from .clause import Broken, Clause, DoesNotApply
from .independence import BATCH, PADDING
from .independence import MEMBERS as MEMBER
from .randomness import DRAWS, SEEDS
from .report import Finding, Refused, Report, Verdict
from .returned import FINITE, SHAPES
from .secrecy import INPUTS, TRUTH
from .trial import Trial

WORLD = "gaussian-ring"
CASES = 6
MEMBERS = 8


def _ready(trial: Trial) -> str:
    trial.prepare()
    return ""


READY = Clause("ready", "it takes its components and fits on the training years", _ready)
CLAUSES = (
    *(READY, SHAPES, FINITE, BATCH, PADDING, SEEDS, DRAWS, MEMBER, TRUTH, INPUTS),
    *(CLOSER, BEST_ITERATE, NOTHING_OBSERVED, ALL_OBSERVED),
)


def check_method(
    label: str,
    overrides: Mapping[str, Mapping[str, str]] | None = None,
    *,
    ensemble: int = 20,
    cases: int = CASES,
    members: int = MEMBERS,
) -> Report:
    """
    Arguments:
        label: `NAME`, `NAME[key=value,...]` or `path/to/file.py:Class`.
        overrides: Method name, or `` for whichever it is -> parameters.
        ensemble: Background members of ensemble methods.
        cases: How many cases it is tried on, at least two.
        members: How many members it is asked for.

    Raises:
        BenchError: If there is no such method, a parameter is wrong, or a component cannot be had; `Refused` if the
            method needs what the world has not.
    """
    if cases < 2:
        raise BenchError(f"One case cannot tell whether it depends on others; ask for two or more, not {cases}.")
    started = time.perf_counter()
    spec = load_spec(WORLD)
    assert isinstance(spec, GaussianSpec)
    request = RunRequest(
        world=spec,
        observing=ObservingSpec(),
        methods=(label,),
        overrides={name: dict(values) for name, values in (overrides or {}).items()},
    )
    check_overrides(request)
    method = _construct(label, request)
    # what is fitted for the trial is of no use afterwards, and the user's own weights are not for this world
    with tempfile.TemporaryDirectory(prefix="assimbench-contract-") as folder:
        trial = Trial(method, spec, Path(folder), cases=cases, members=members, ensemble=ensemble)
        _refuse(label, trial)
        findings = [_judge(READY, trial)]
        if findings[0].verdict is Verdict.PASSED:
            findings += [_judge(clause, trial) for clause in CLAUSES[1:]]
        else:
            reason = "it could not be made ready"
            findings += [Finding(c.name, c.statement, Verdict.DOES_NOT_APPLY, reason) for c in CLAUSES[1:]]
    seconds = time.perf_counter() - started
    return Report(label, method.parameters, spec.name, cases, members, ensemble, tuple(findings), seconds)


def _construct(label: str, request: RunRequest) -> Method:
    parsed = MethodRequest.parse(label)
    kind = find_method(parsed.name)
    try:
        return kind(**method_parameters(parsed, kind.defaults, request))
    except BenchError:
        raise
    except Exception as error:
        told = f"{type(error).__name__}: {first_line(error)}"
        raise BenchError(
            f"Method '{label}' cannot be made ({told}); its __init__ takes its parameters alone."
        ) from error


def _refuse(label: str, trial: Trial) -> None:
    """
    Raises:
        Refused: If the method needs what the world has not, or the truth: an oracle is no method.
    """
    world = trial.world
    system = ObservingSystem(ObservingSpec(), world.grid, world.channels, world.normalisation, world.name)
    need = Need.TRUTH if Need.TRUTH in trial.method.needs else unmet(type(trial.method), world, system)
    if need is not None:
        raise Refused(
            need,
            f"Method '{label}' cannot be put to the contract on '{world.name}' ({need}): {SENTENCES[need]}. "
            "Leave it out, or drop the need from its 'needs' if it can do without.",
        )


def _judge(clause: Clause, trial: Trial) -> Finding:
    """
    Raises:
        BenchError: If a component cannot be had: then nothing can be said of the method.
    """
    try:
        verdict, why = Verdict.PASSED, clause.check(trial)
    except DoesNotApply as reason:
        verdict, why = Verdict.DOES_NOT_APPLY, str(reason)
    except Broken as reason:
        verdict, why = Verdict.FAILED, str(reason)
    except (Exception, SystemExit) as error:  # a plug-in may raise anything, and the other clauses go on
        if clause is READY and isinstance(error, BenchError):
            raise
        told = str(error).splitlines()[0] if str(error) else "without a message"
        verdict, why = Verdict.FAILED, f"it raised {type(error).__name__}: {told}"
    return Finding(clause.name, clause.statement, verdict, why)
