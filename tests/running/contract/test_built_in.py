"""The methods of this repository keep the contract that plug-ins are put to."""

import random

import numpy as np
import pytest
import torch

from benchmark.problem import Need
from benchmark.running.contract import CLAUSES, Refused, check_method
from benchmark.worlds import load_spec, open_world
from methods.registry import BUILT_IN

REFUSED = {"autoencoder": Need.TRUTH}
VARIANTS = (
    "latent-3dvar[solver=adam,steps=20]",
    "latent-3dvar[covariance=diagonal]",
    "lo-sda[variant=guided,inner=2,levels=4]",
    "lo-sda[solver=adam,inner=3,levels=4]",
    "lo-sda[metric=identity]",
    "lo-sda[step=deterministic]",
    "lo-sda[solver=cg]",
    "lo-sda[perturb=true]",
    "lo-sda[discrepancy=true]",
    "daps[metric=covariance,ode=1]",
    "3dvar[direct=1]",
    "enkf[rotate=true]",
    "ensf[weights=mixture,steps=50]",
    "exact[mean=true]",
    "interpolation[first_guess=climatology]",
    "interpolation[covariance=archive]",
)


def broken(report):
    return {finding.clause: finding.why for finding in report.findings if finding.verdict == "FAILED"}


def not_applicable(report):
    return {finding.clause for finding in report.findings if finding.verdict == "does not apply"}


@pytest.mark.parametrize("label", [*(name for name in BUILT_IN if name not in REFUSED), *VARIANTS])
def test_a_built_in_method_keeps_the_contract(label):
    report = check_method(label, cases=4, members=4)
    assert broken(report) == {}
    assert report.passed
    assert [finding.clause for finding in report.findings] == [clause.name for clause in CLAUSES]


@pytest.mark.parametrize(("name", "need"), REFUSED.items())
def test_an_oracle_is_refused_by_a_type(name, need):
    with pytest.raises(Refused, match="only the built-in oracles") as error:
        check_method(name)
    assert error.value.need is need


@pytest.mark.parametrize(
    ("name", "clauses"),
    {
        "3dvar": {"draws", "members"},
        "background": {"draws", "members", "closer", "best-iterate"},
        "lo-sda": {"best-iterate"},
        "etkf": {"draws", "members", "best-iterate"},  # it draws nothing
        "enkf": {"members", "best-iterate"},
    }.items(),
)
def test_clauses_that_do_not_apply_are_told_so(name, clauses):
    assert not_applicable(check_method(name, cases=3, members=4)) == clauses


def test_the_check_leaves_generators_and_worlds_as_they_were():
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    torch.manual_seed(5)
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002
    check_method("background", cases=2)
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[2])
    world = open_world(load_spec("gaussian-ring"))
    assert torch.isfinite(world.truth(world.times("test")[:2])).all()
