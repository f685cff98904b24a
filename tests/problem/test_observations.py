"""Observations: padding carries no weight and no information."""

import torch

from benchmark.problem import LinearOperator, Observations

# Case 0 sees state values 1 and the mean of 0 and 3; case 1 sees value 2 and is padded.
INDEX = torch.tensor([[[1, 0], [0, 3]], [[2, 0], [0, 0]]])
WEIGHT = torch.tensor([[[1.0, 0.0], [0.5, 0.5]], [[1.0, 0.0], [0.0, 0.0]]])
OPERATOR = LinearOperator(INDEX, WEIGHT, (1, 2, 2))
OBSERVATIONS = Observations(
    values=torch.tensor([[10.0, 20.0], [30.0, 0.0]]),
    error_std=torch.tensor([[0.5, 2.0], [0.1, torch.inf]]),
    operator=OPERATOR,
    channel=torch.tensor([[0, 0], [0, -1]]),
    latitude=torch.tensor([[1.0, 2.0], [3.0, torch.nan]]),
    longitude=torch.tensor([[1.0, 2.0], [3.0, torch.nan]]),
    hashes=("a", "b"),
)
X = torch.tensor([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]).reshape(2, 1, 2, 2)


def test_operator_and_adjoint_by_hand() -> None:
    assert OPERATOR(X).tolist() == [[2.0, 2.5], [7.0, 0.0]]
    back = OPERATOR.adjoint(torch.tensor([[4.0, 6.0], [5.0, 9.0]]))
    assert back.reshape(2, 4).tolist() == [[3.0, 4.0, 0.0, 3.0], [0.0, 0.0, 5.0, 0.0]]


def test_members_are_observed_one_by_one() -> None:
    members = torch.stack([X, 10 * X], 1)
    assert OPERATOR(members).tolist() == [[[2.0, 2.5], [20.0, 25.0]], [[7.0, 0.0], [70.0, 0.0]]]
    y = OPERATOR(members)
    assert torch.equal(OPERATOR.adjoint(y)[:, 1], OPERATOR.adjoint(y[:, 1]))


def test_padding_has_no_precision_and_no_innovation() -> None:
    assert OBSERVATIONS.mask.tolist() == [[True, True], [True, False]]
    torch.testing.assert_close(OBSERVATIONS.precision, torch.tensor([[4.0, 0.25], [100.0, 0.0]]))
    assert OBSERVATIONS.innovation(X).tolist() == [[8.0, 17.5], [23.0, 0.0]]
    assert OBSERVATIONS.innovation(torch.stack([X, X], 1)).shape == (2, 2, 2)
    assert OBSERVATIONS.innovation(torch.stack([X, 10 * X], 1))[:, 1].tolist() == [[-10.0, -5.0], [-40.0, 0.0]]


def test_select_keeps_the_padding() -> None:
    one = OBSERVATIONS.select(slice(1, 2))
    assert one.hashes == ("b",)
    assert one.innovation(X[1:]).tolist() == [[23.0, 0.0]]
    assert one.channel.tolist() == [[0, -1]]
