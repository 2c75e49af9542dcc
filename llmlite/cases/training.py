"""Cases of `llmlite.training`."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from llmlite.cases import refuses
from llmlite.training.loop import fit as reference

Batches = list[tuple[Tensor, Tensor]]


def _line(seed: int) -> tuple[nn.Module, Batches]:
    draw = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw))
    model.eval()
    return model, [(torch.randn(5, 3, generator=draw), torch.randn(5, 2, generator=draw)) for _ in range(4)]


def _train(fit: Callable[..., Any], model: nn.Module, batches: Batches, on_step: Any) -> Any:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return fit(model, iter(batches), nn.functional.mse_loss, optimizer, on_step)


def loop_fit(fit: Callable[..., Any]) -> None:
    """Check one step by hand, then four steps with momentum against the package's loop."""
    weight = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        weight.weight.fill_(2.0)
    weight.weight.grad = torch.full((1, 1), 9.0)  # left behind by somebody else: it must not count
    one = torch.ones(1, 1)
    sgd = torch.optim.SGD(weight.parameters(), lr=0.25)
    # The loss is w^2 = 4 at w = 2, its gradient 2w = 4: a step of 0.25 lands on w = 1, where the loss is 1.
    losses = fit(weight, [(one, 0 * one)] * 2, nn.functional.mse_loss, sgd)
    assert losses is not None, "return the list of losses"
    assert [float(x) for x in losses] == [4.0, 1.0], "the loss of each step is measured before its update"
    assert weight.weight.item() == 0.5, "each batch is one step, from gradients of that batch alone"

    ours, batches = _line(seed=1)
    yours, _ = _line(seed=1)
    seen: list[int] = []
    expected = _train(reference, ours, batches, None)
    losses = _train(fit, yours, batches, lambda step, _: seen.append(step))
    assert yours.training, "put the model into training mode"
    assert seen == [0, 1, 2, 3], "call on_step after each step, with its number from 0"
    assert all(type(value) is float for value in losses), "keep numbers, not tensors and their graphs"
    torch.testing.assert_close(losses, expected, msg="the losses differ from the package's loop")
    for left, right in zip(yours.parameters(), ours.parameters(), strict=True):
        assert torch.equal(left, right), "the trained weights differ from the package's loop"


def losses_next_token_loss(next_token_loss: Callable[..., Any]) -> None:
    """Check two places by hand, what does not count, and random logits against a sum over places."""
    even = next_token_loss(torch.zeros(1, 2, 4), torch.tensor([[3, -100]]))
    assert even is not None, "return the mean"
    assert torch.isclose(even, torch.tensor(4.0).log()), (
        "four equal scores: ln 4; a target of -100 does not count"
    )
    draw = torch.Generator().manual_seed(6)
    logits = torch.randn(3, 5, 7, generator=draw).requires_grad_()
    targets = torch.randint(7, (3, 5), generator=draw)
    targets[1, 2:] = -100
    found = next_token_loss(logits, targets)
    log_probs = logits.log_softmax(dim=-1)
    places = [(b, t) for b in range(3) for t in range(5) if targets[b, t] >= 0]
    wanted = -torch.stack([log_probs[b, t, targets[b, t]] for b, t in places]).mean()
    assert found.shape == (), "one number"
    assert torch.isclose(found, wanted), "the mean over all places that count, of all rows together"
    assert torch.isclose(found, F.cross_entropy(logits.mT, targets)), "it differs from torch's"
    found.backward()
    assert logits.grad is not None and logits.grad[1, 2:].abs().max() == 0, (
        "it can be made smaller by gradients"
    )
    refuses(next_token_loss, logits, targets.mT)  # as many places, in another order
