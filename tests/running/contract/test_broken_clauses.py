"""For every clause plug-ins that break it, and no other clause where it can be helped, are caught by it."""

import re

import pytest

from benchmark.running.contract import CLAUSES, check_method

# (clause, kind of method, what `analyse` does after `found` is a good analysis, a part of what is told)
ALONE = [
    ("shapes", "Point", "return Analysis.of(found.members.double(), Cost())", "torch.float32, came torch.float64"),
    (
        "shapes",
        "Point",
        "return Analysis.of(found.members.expand(-1, 3, -1, -1, -1), Cost())",
        r"\(4, 1, 2, 1, 48\).*of a point method; came \(4, 3, 2, 1, 48\)",
    ),
    (
        "shapes",
        "Filter",
        "return Analysis.of(found.members[:, :7], Cost())",
        r"\(4, 20, .*background ensemble of 20; came \(4, 7",
    ),
    ("shapes", "Point", "return Analysis.of(found.members, Cost(iterations=float('nan')))", "finite cost.iterations"),
    ("shapes", "Point", "return Analysis.of(found.members, Cost(operator_calls=-1.0))", "cost.operator_calls.*-1"),
    ("shapes", "Point", "return Analysis.of(found.members, Cost(iterations=torch.ones(4)))", "number.*came Tensor"),
    ("shapes", "Point", "return Analysis.of(found.members, 3.0)", "as a Cost, came float"),
    ("shapes", "Point", "return Analysis(found.members, ('ok',) * len(problem), Cost())", "Status, came 'ok'"),
    (
        "finite",
        "Point",
        "return Analysis(found.members, (Status.DIVERGED,) * len(problem), Cost())",
        "'diverged' in case 0",
    ),
    # norms over the batch
    (
        "batch",
        "Point",
        """
obs = problem.observations
size = (obs.innovation(problem.background).square().sum() / obs.mask.sum().clamp_min(1)).sqrt()
xb = problem.background[:, None]
return Analysis.of(xb + (1 - 0.1 * torch.tanh(size)) * (found.members - xb), Cost())
""",
        "a case alone, and in its batch: expected .* came .* in case ",
    ),
    # a step length that is the batch's only where a case is bad
    (
        "batch",
        "Point",
        """
xb = problem.background[:, None]
size = 0.5 if problem.observations.values.abs().max() > 100 else 1.0
return Analysis.of(xb + size * (found.members - xb), Cost())
""",
        "values of a neighbour times 1000: expected .* in case [123]",
    ),
    (
        "batch",
        "Point",
        "if problem.background.isnan().any():\n    raise ValueError('a NaN in the batch')\nreturn found",
        "it raised ValueError: a NaN in the batch",
    ),
    (
        "batch",
        "Point",
        "return Analysis.of(found.members, Cost(), torch.full((len(problem),), len(problem) == 1))",
        "status 'not-converged', came 'ok' in case 0",
    ),
    (
        "padding",
        "Point",
        """
xb = problem.background[:, None]
share = problem.observations.mask.float().mean(1)[:, None, None, None, None]
return Analysis.of(xb + (0.9 + 0.1 * share) * (found.members - xb), Cost())
""",
        "5 more places of padding: expected .* in case 0",
    ),
    (
        "draws",
        "Sampler",
        """
xa = OptimalInterpolation.analyse(self, problem, members, noise).members
mine = CaseNoise([int(t) for t in problem.times.astype("int64")])
return Analysis.of(xa + 0.1 * self.draw(problem, members, mine), Cost())
""",
        "expected other members, came the same .* in case 0",
    ),
    (
        "members",
        "Sampler",
        """
xa = OptimalInterpolation.analyse(self, problem, members, noise).members
anomalies = found.members - found.members.mean(1, keepdim=True)
return Analysis.of(xa + anomalies, Cost())
""",
        "3 members asked for in place of 8: expected .* member ",
    ),
    ("inputs", "Point", "problem.background.copy_(found.members[:, 0])\nreturn found", "a background with .* case 0"),
    ("inputs", "Point", "problem.observations.values.add_(1)\nreturn found", "observations.values with .* case 0"),
    ("inputs", "Filter", "problem.ensemble.mul_(2)\nreturn found", "an? ensemble with .* case 0"),
    ("closer", "Point", "return Analysis.of(problem.background[:, None].clone(), Cost())", "mean misfit .* below"),
    # steepest descent of a length that suits the usual errors, and its last iterate
    (
        "best-iterate",
        "Point",
        """
x, obs = problem.background, problem.observations
for _ in range(3):
    x = x + 0.5 * 0.05**2 * obs.operator.adjoint(obs.precision * obs.innovation(x))
return Analysis.of(x[:, None], Cost())
""",
        r"100 times smaller: expected J\(xa\) <= J\(xb\) = .* in case 0",
    ),
    (
        "nothing-observed",
        "Point",
        """
n = problem.observations.mask.sum(1)[:, None, None, None, None]
return Analysis.of(found.members * (n / n), Cost())
""",
        "no observation at all: expected finite values, came 96 of 96",
    ),
    (
        "nothing-observed",
        "Point",
        """
n = problem.observations.mask.sum(1)[:, None, None, None, None]
return Analysis.of(torch.where(n == 0, found.members + 0.01, found.members), Cost())
""",
        "expected the background to 0.001 .* came a difference of 0.01 in case ",
    ),
    (
        "nothing-observed",
        "Sampler",
        """
n = problem.observations.mask.sum(1)[:, None, None, None, None]
return Analysis.of(torch.where(n == 0, found.members + 1.0, found.members), Cost())
""",
        "within 5 standard errors of the background, came ",
    ),
    (
        "nothing-observed",
        "Filter",
        """
mean = found.members.mean(1, keepdim=True)
return Analysis.of(mean + 3 * (found.members - mean), Cost())
""",
        "spread .* within a factor 2, came",
    ),
    (
        "all-observed",
        "Point",
        """
xb, n = problem.background[:, None], problem.observations.mask.sum(1)[:, None, None, None, None]
return Analysis.of(torch.where(n > 50, xb + 3 * (found.members - xb), found.members), Cost())
""",
        "every state value observed: expected an RMSE not above",
    ),
]

# what cannot be broken alone: numbers that are not the same twice differ in every comparison
TOGETHER = [
    ("seeds", "Point", "return Analysis.of(found.members + 0.01 * torch.randn(1), Cost())", "other seeds of random"),
    ("seeds", "Point", "return Analysis.of(found.members + 0.01 * np.random.randn(), Cost())", "other seeds of random"),
    ("seeds", "Point", "return Analysis.of(found.members + 0.01 * random.random(), Cost())", "other seeds of random"),
    (
        "seeds",
        "Point",
        "return Analysis.of(found.members + 0.01 * np.random.default_rng().random(), Cost())",
        "other seeds of random",
    ),
    ("shapes", "Point", "return Analysis.of(found.members[:, 0], Cost())", r"came \(4, 2, 1, 48\)"),
    ("shapes", "Point", "return found.members", "expected an Analysis, came Tensor"),
    ("shapes", "Point", "return Analysis(found.members, found.status[:1], Cost())", "one status a case, 4 of them"),
    (
        "finite",
        "Point",
        "members = found.members.clone()\nmembers[:, 0, 1, 0, 7] = torch.nan\nreturn Analysis.of(members, Cost())",
        "came 1 of 96 that are not in case 0",
    ),
]


def broken(report):
    return {finding.clause: finding.why for finding in report.findings if finding.verdict == "FAILED"}


@pytest.mark.parametrize("kind", ["Point", "Sampler", "Filter"])
def test_what_the_bad_ones_are_made_of_is_good(write, kind):
    assert broken(check_method(f"{write()}:{kind}", cases=4)) == {}


@pytest.mark.parametrize(("clause", "kind", "body", "told"), ALONE)
def test_one_clause_is_broken(plugin, clause, kind, body, told):
    found = broken(check_method(plugin(kind, body), cases=4))
    assert list(found) == [clause]
    assert re.search(told, found[clause])


@pytest.mark.parametrize(("clause", "kind", "body", "told"), TOGETHER)
def test_a_clause_is_among_the_broken(plugin, clause, kind, body, told):
    found = broken(check_method(plugin(kind, body), cases=4))
    assert re.search(told, found[clause])


def test_every_clause_is_broken_by_somebody():
    elsewhere = {"ready", "truth"}  # below, and in test_secrecy.py
    assert {row[0] for row in ALONE + TOGETHER} | elsewhere == {clause.name for clause in CLAUSES}


def test_a_method_that_cannot_be_fitted_is_told_so_and_tried_no_further(write):
    code = "class Bad(Point):\n    def fit(self, archive):\n        raise ValueError('too few years')\n"
    report = check_method(f"{write(code)}:Bad", cases=2)
    assert broken(report) == {"ready": "it raised ValueError: too few years"}
    assert {finding.verdict for finding in report.findings[1:]} == {"does not apply"}


@pytest.mark.parametrize(
    ("raised", "told"), [("ValueError('no\\nidea')", "ValueError: no"), ("SystemExit", "SystemExit")]
)
def test_a_method_that_raises_fails_clause_by_clause(plugin, raised, told):
    found = broken(check_method(plugin("Point", f"raise {raised}"), cases=2))
    analysed = {"ready", "draws", "members"}
    assert set(found) == {clause.name for clause in CLAUSES} - analysed
    assert all(why.startswith(f"it raised {told}") for why in found.values())
