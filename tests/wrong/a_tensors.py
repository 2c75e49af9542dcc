"""Plausible wrong solutions of appendix A: exercise number -> solutions that its check must reject."""

WRONG = {
    "A.1": [
        # the mean and spread of the whole table
        """
def standardize(table):
    return (table - table.mean()) / table.std()
""",
        # columns in place of rows: on a square table, nothing complains
        """
def standardize(table):
    return (table - table.mean(axis=0, keepdims=True)) / table.std(axis=0, keepdims=True)
""",
        # the axis is not kept: on a square table, nothing complains
        """
def standardize(table):
    return (table - table.mean(axis=1)) / table.std(axis=1)
""",
        # nothing is returned
        """
def standardize(table):
    (table - table.mean(axis=1, keepdims=True)) / table.std(axis=1, keepdims=True)
""",
    ],
    "A.2": [
        # to one side only: too coarse
        """
def numerical_gradient(function, weights, h=1e-5):
    slopes = np.zeros(weights.shape)
    for place in np.ndindex(weights.shape):
        nudged = weights.copy()
        nudged[place] += h
        slopes[place] = (function(nudged) - function(weights)) / h
    return slopes
""",
        # all weights at once: the sum of all slopes, everywhere
        """
def numerical_gradient(function, weights, h=1e-5):
    slope = (function(weights + h) - function(weights - h)) / (2 * h)
    return np.full(weights.shape, slope)
""",
        # right for two axes only
        """
def numerical_gradient(function, weights, h=1e-5):
    slopes = np.zeros(weights.shape)
    for i in range(weights.shape[0]):
        for j in range(weights.shape[1]):
            nudge = np.zeros(weights.shape)
            nudge[i, j] = h
            slopes[i, j] = (function(weights + nudge) - function(weights - nudge)) / (2 * h)
    return slopes
""",
        # never puts the weight back
        """
def numerical_gradient(function, weights, h=1e-5):
    slopes = np.zeros(weights.shape)
    for place in np.ndindex(weights.shape):
        weights[place] += h
        above = function(weights)
        weights[place] -= 2 * h
        slopes[place] = (above - function(weights)) / (2 * h)
    return slopes
""",
        # one fixed nudge in place of h
        """
def numerical_gradient(function, weights, h=1e-5):
    slopes = np.zeros(weights.shape)
    for place in np.ndindex(weights.shape):
        nudge = np.zeros(weights.shape)
        nudge[place] = 1e-5
        slopes[place] = (function(weights + nudge) - function(weights - nudge)) / 2e-5
    return slopes
""",
    ],
    "A.3": [
        # the slope of a straight line
        """
def naive_relu(value):
    return NaiveValue(max(0.0, value.data), (value,), (1.0,))
""",
        # the right number, with no way back
        """
def naive_relu(value):
    return NaiveValue(max(0.0, value.data))
""",
        # a plain number
        """
def naive_relu(value):
    return max(0.0, value.data)
""",
        # the slope 1 at exactly 0
        """
def naive_relu(value):
    return NaiveValue(max(0.0, value.data), (value,), (float(value.data >= 0),))
""",
        # changes its argument
        """
def naive_relu(value):
    value.data = max(0.0, value.data)
    return NaiveValue(value.data, (value,), (float(value.data > 0),))
""",
        # bends at 1, not at 0
        """
def naive_relu(value):
    if value.data > 1:
        return NaiveValue(value.data, (value,), (1.0,))
    return NaiveValue(0.0, (value,), (0.0,))
""",
    ],
    "A.4": [
        # the logarithm of a probability that may be 0
        """
def safe_log_softmax(logits):
    return logits.softmax(dim=-1).log()
""",
        # the powers of large scores are infinite
        """
def safe_log_softmax(logits):
    return logits - logits.exp().sum(dim=-1, keepdim=True).log()
""",
        # the axis is not kept: on a square table, nothing complains
        """
def safe_log_softmax(logits):
    shifted = logits - logits.max(dim=-1, keepdim=True).values
    return shifted - shifted.exp().sum(dim=-1).log()
""",
        # one sum for the whole table
        """
def safe_log_softmax(logits):
    shifted = logits - logits.max()
    return shifted - shifted.exp().sum().log()
""",
        # the largest score is taken away inside the sum only
        """
def safe_log_softmax(logits):
    shifted = logits - logits.max(dim=-1, keepdim=True).values
    return logits - shifted.exp().sum(dim=-1, keepdim=True).log()
""",
        # the largest score of the table, not of the row
        """
def safe_log_softmax(logits):
    shifted = logits - logits.max()
    return shifted - shifted.exp().sum(dim=-1, keepdim=True).log()
""",
        # axis 1 is the last one in a table only
        """
def safe_log_softmax(logits):
    shifted = logits - logits.max(dim=1, keepdim=True).values
    return shifted - shifted.exp().sum(dim=1, keepdim=True).log()
""",
    ],
    "A.5": [
        # the largest of each column, on square tables
        """
def share_right(logits, labels):
    return (logits.argmax(dim=0) == labels).float().mean().item()
""",
        # the bug itself
        """
def share_right(logits, labels):
    guesses = logits.argmax(dim=1, keepdim=True)
    return (guesses == labels).float().mean().item()
""",
        # the largest of each column
        """
def share_right(logits, labels):
    guesses = logits.argmax(dim=0)
    return (guesses[: len(labels)] == labels[: len(guesses)]).float().mean().item()
""",
        # any hit counts for all
        """
def share_right(logits, labels):
    guesses = logits.argmax(dim=1, keepdim=True)
    return (guesses == labels).any(dim=1).float().mean().item()
""",
        # a large score is not the largest
        """
def share_right(logits, labels):
    return (logits[torch.arange(len(labels)), labels] > 0.5).float().mean().item()
""",
        # the same with probabilities: the largest may be below one half
        """
def share_right(logits, labels):
    found = logits.softmax(dim=1)[torch.arange(len(labels)), labels]
    return (found > 0.5).float().mean().item()
""",
        # far from 0 is not large
        """
def share_right(logits, labels):
    return (logits.abs().argmax(dim=1) == labels).float().mean().item()
""",
    ],
    "A.6": [
        # nothing is returned
        """
def fixed_fit(model, batches, loss, optimizer):
    losses = []
    for inputs, targets in batches:
        optimizer.zero_grad()
        value = loss(model(inputs), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
""",
        # the bug itself
        """
def fixed_fit(model, batches, loss, optimizer):
    losses = []
    for inputs, targets in batches:
        value = loss(model(inputs), targets)
        value.backward()
        optimizer.zero_grad()
        optimizer.step()
        losses.append(value.item())
    return losses
""",
        # slopes are never cleared
        """
def fixed_fit(model, batches, loss, optimizer):
    losses = []
    for inputs, targets in batches:
        value = loss(model(inputs), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses
""",
        # cleared once, before the loop
        """
def fixed_fit(model, batches, loss, optimizer):
    losses = []
    optimizer.zero_grad()
    for inputs, targets in batches:
        value = loss(model(inputs), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses
""",
        # the loss after the step
        """
def fixed_fit(model, batches, loss, optimizer):
    losses = []
    for inputs, targets in batches:
        optimizer.zero_grad()
        loss(model(inputs), targets).backward()
        optimizer.step()
        losses.append(loss(model(inputs), targets).item())
    return losses
""",
        # always the first batch
        """
def fixed_fit(model, batches, loss, optimizer):
    losses = []
    inputs, targets = batches[0]
    for _ in batches:
        optimizer.zero_grad()
        value = loss(model(inputs), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses
""",
        # plain descent by hand, whatever the optimizer
        """
def fixed_fit(model, batches, loss, optimizer):
    losses = []
    for inputs, targets in batches:
        model.zero_grad()
        value = loss(model(inputs), targets)
        value.backward()
        with torch.no_grad():
            for weight in model.parameters():
                weight -= optimizer.param_groups[0]["lr"] * weight.grad
        losses.append(value.item())
    return losses
""",
        # tensors in place of numbers
        """
def fixed_fit(model, batches, loss, optimizer):
    losses = []
    for inputs, targets in batches:
        optimizer.zero_grad()
        value = loss(model(inputs), targets)
        value.backward()
        optimizer.step()
        losses.append(value.detach())
    return losses
""",
    ],
    "A.7": [
        # the sum over the examples, not their mean
        """
def cross_entropy_gradient(logits, labels):
    slopes = logits.softmax(dim=-1)
    slopes[torch.arange(len(labels)), labels] -= 1
    return slopes
""",
        # uphill
        """
def cross_entropy_gradient(logits, labels):
    return (F.one_hot(labels, logits.shape[1]) - logits.softmax(dim=-1)) / len(labels)
""",
        # every label in every row
        """
def cross_entropy_gradient(logits, labels):
    slopes = logits.softmax(dim=-1)
    slopes[:, labels] -= 1
    return slopes / len(labels)
""",
        # the slope at the right answer only
        """
def cross_entropy_gradient(logits, labels):
    right = F.one_hot(labels, logits.shape[1])
    return right * (logits.softmax(dim=-1) - 1) / len(labels)
""",
        # powers of large scores are infinite
        """
def cross_entropy_gradient(logits, labels):
    powers = logits.exp()
    slopes = powers / powers.sum(dim=-1, keepdim=True)
    slopes[torch.arange(len(labels)), labels] -= 1
    return slopes / len(labels)
""",
        # always three classes
        """
def cross_entropy_gradient(logits, labels):
    slopes = logits.softmax(dim=-1)
    for k in range(3):
        slopes[:, k] -= (labels == k).float()
    return slopes / len(labels)
""",
        # always five examples
        """
def cross_entropy_gradient(logits, labels):
    slopes = logits.softmax(dim=-1)
    slopes[torch.arange(len(labels)), labels] -= 1
    return slopes / 5
""",
    ],
    "A.8": [
        # a running mean of the slopes
        """
def momentum_path(slope, start, lr, beta, steps):
    path, velocity = [start], np.zeros(start.shape)
    for _ in range(steps):
        velocity = beta * velocity + (1 - beta) * slope(path[-1])
        path.append(path[-1] - lr * velocity)
    return path
""",
        # the old velocity
        """
def momentum_path(slope, start, lr, beta, steps):
    path, velocity = [start], np.zeros(start.shape)
    for _ in range(steps):
        path.append(path[-1] - lr * velocity)
        velocity = beta * velocity + slope(path[-2])
    return path
""",
        # one array, changed in place
        """
def momentum_path(slope, start, lr, beta, steps):
    path, velocity, place = [start], np.zeros(start.shape), start
    for _ in range(steps):
        velocity = beta * velocity + slope(place)
        place -= lr * velocity
        path.append(place)
    return path
""",
        # the velocity is forgotten between the steps
        """
def momentum_path(slope, start, lr, beta, steps):
    path = [start]
    for _ in range(steps):
        velocity = beta * np.zeros(start.shape) + slope(path[-1])
        path.append(path[-1] - lr * velocity)
    return path
""",
        # without the start
        """
def momentum_path(slope, start, lr, beta, steps):
    path, velocity, place = [], np.zeros(start.shape), start
    for _ in range(steps):
        velocity = beta * velocity + slope(place)
        place = place - lr * velocity
        path.append(place)
    return path
""",
        # always the same beta
        """
def momentum_path(slope, start, lr, beta, steps):
    path, velocity = [start], np.zeros(start.shape)
    for _ in range(steps):
        velocity = 0.9 * velocity + slope(path[-1])
        path.append(path[-1] - lr * velocity)
    return path
""",
        # always five steps
        """
def momentum_path(slope, start, lr, beta, steps):
    path, velocity = [start], np.zeros(start.shape)
    for _ in range(5):
        velocity = beta * velocity + slope(path[-1])
        path.append(path[-1] - lr * velocity)
    return path
""",
    ],
}
