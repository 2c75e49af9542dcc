"""The training loop equals steps written by hand, bit for bit."""

import copy
import math

import pytest
import torch
from torch import nn

from llmlite.runtime import generator
from llmlite.training.loop import fit

pytestmark = pytest.mark.usefixtures("one_thread")


def small(seed=0):
    """Return a network with a bend and some batches; every size is different."""
    draw = generator(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw))
    batches = [(torch.randn(5, 3, generator=draw), torch.randn(5, 2, generator=draw)) for _ in range(6)]
    return model, batches


def gradients(model, inputs, targets):
    """Return the loss and its gradients, by torch's other way to ask for them."""
    value = nn.functional.mse_loss(model(inputs), targets)
    return value.item(), torch.autograd.grad(value, list(model.parameters()))


def by_hand(model, batches, update):
    """Train with a rule for one tensor: update(parameter, gradient, memory, step number from 1)."""
    losses, memories = [], [{} for _ in model.parameters()]
    for step, (inputs, targets) in enumerate(batches, start=1):
        value, grads = gradients(model, inputs, targets)
        losses.append(value)
        with torch.no_grad():
            for parameter, gradient, memory in zip(model.parameters(), grads, memories, strict=True):
                parameter.copy_(update(parameter, gradient, memory, step))
    return losses


def sgd(parameter, gradient, memory, step):
    """Move along a running sum of gradients."""
    memory["v"] = gradient if step == 1 else 0.9 * memory["v"] + gradient
    return parameter.add(memory["v"], alpha=-0.05)


def adamw(parameter, gradient, memory, step):
    """Shrink, then move by the mean gradient over its size (Loshchilov and Hutter, algorithm 2)."""
    zeros = torch.zeros_like(gradient)
    memory["m"] = memory.get("m", zeros).lerp(gradient, 1 - 0.9)
    memory["v"] = (0.99 * memory.get("v", zeros)).addcmul(gradient, gradient, value=1 - 0.99)
    size = memory["v"].sqrt() / math.sqrt(1 - 0.99**step) + 1e-8
    return (parameter * (1 - 0.01 * 0.1)).addcdiv(memory["m"], size, value=-0.01 / (1 - 0.9**step))


@pytest.mark.parametrize(
    ("rule", "optimizer"),
    [
        (sgd, lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9)),
        (adamw, lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)),
    ],
    ids=["SGD with momentum", "AdamW"],
)
def test_it_equals_steps_by_hand(rule, optimizer):
    ours, batches = small()
    theirs = copy.deepcopy(ours)
    losses = fit(ours, batches, nn.functional.mse_loss, optimizer(ours.parameters()))
    assert losses == by_hand(theirs, batches, rule)
    for left, right in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(left, right)


def test_a_parabola_by_hand():
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 2.0)
    one, zero = torch.ones(1, 1), torch.zeros(1, 1)
    # The loss w^2 is 4 at w = 2, its slope 4: a step of a quarter of it lands on 1, the next on 1/2.
    losses = fit(
        model, [(one, zero)] * 3, nn.functional.mse_loss, torch.optim.SGD(model.parameters(), lr=0.25)
    )
    assert losses == [4.0, 1.0, 0.25]
    assert model.weight.item() == 0.25
    assert all(type(value) is float for value in losses)


def test_old_gradients_do_not_count():
    one, batches = small()
    two = copy.deepcopy(one)
    for parameter in one.parameters():
        parameter.grad = torch.full_like(parameter, 100.0)
    for model in (one, two):
        fit(model, batches, nn.functional.mse_loss, torch.optim.SGD(model.parameters(), lr=0.1))
    assert all(map(torch.equal, one.parameters(), two.parameters()))


def test_the_loss_gets_predictions_then_targets():
    model, batches = small()
    seen = []

    def loss(predictions, targets):
        seen.append((predictions.detach().clone(), targets))
        return predictions.square().sum()

    expected = [model(inputs).detach() for inputs, _ in batches]
    fit(model, batches, loss, torch.optim.SGD(model.parameters(), lr=0.0))
    for (predictions, targets), wanted, (_, given) in zip(seen, expected, batches, strict=True):
        assert torch.equal(predictions, wanted)
        assert targets is given


def test_the_model_trains_in_training_mode():
    model = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5)).eval()
    modes = []
    model[1].register_forward_hook(lambda module, *_: modes.append(module.training))
    _, batches = small()
    fit(model, batches[:2], nn.functional.mse_loss, torch.optim.SGD(model.parameters(), lr=0.1))
    assert modes == [True, True]
    assert model.training


def test_on_step_is_called_after_the_update():
    model, batches = small()
    start = copy.deepcopy(model)
    seen = []

    def on_step(step, value):
        seen.append((step, value, model[0].weight.detach().clone()))

    losses = fit(model, batches, nn.functional.mse_loss, torch.optim.SGD(model.parameters(), lr=0.1), on_step)
    assert [(step, value) for step, value, _ in seen] == list(enumerate(losses))
    one_step = copy.deepcopy(start)
    fit(one_step, batches[:1], nn.functional.mse_loss, torch.optim.SGD(one_step.parameters(), lr=0.1))
    assert torch.equal(seen[0][2], one_step[0].weight), "the first call comes after the first update"
    assert torch.equal(seen[-1][2], model[0].weight)


def test_an_error_in_on_step_stops_the_training():
    model, batches = small()
    drawn = []

    def some():
        for batch in batches:
            drawn.append(batch)
            yield batch

    def stop(step, _):
        if step == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(model, some(), nn.functional.mse_loss, torch.optim.SGD(model.parameters(), lr=0.1), stop)
    assert len(drawn) == 2, "batches are drawn one at a time, when they are needed"


def test_no_batches_leave_everything_as_it_was():
    model, _ = small()
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    assert fit(model, iter([]), nn.functional.mse_loss, optimizer, lambda *_: pytest.fail("a step")) == []
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in before.items())
    assert not optimizer.state


def test_only_what_the_optimizer_holds_is_changed():
    model, batches = small()
    before = copy.deepcopy(model)
    fit(model, batches, nn.functional.mse_loss, torch.optim.SGD(model[2].parameters(), lr=0.1))
    assert torch.equal(model[0].weight, before[0].weight)
    assert not torch.equal(model[2].weight, before[2].weight)


def test_no_graph_is_kept():
    model, batches = small()
    outputs = []

    def loss(predictions, targets):
        value = nn.functional.mse_loss(predictions, targets)
        outputs.append(value)
        return value

    losses = fit(model, batches, loss, torch.optim.SGD(model.parameters(), lr=0.1))
    assert losses == [value.item() for value in outputs]
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        outputs[0].backward()
