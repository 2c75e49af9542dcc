"""Plausible wrong solutions of chapter 3: exercise number -> solutions that its check must reject."""

WRONG = {
    "3.1": [
        # a row that is looked up twice gets the last contribution only
        """
def lookup_gradient(ids, upstream, vocab_size):
    gradient = torch.zeros(vocab_size, upstream.shape[1])
    gradient[ids] = upstream
    return gradient
""",
        # += with an index adds once for each row
        """
def lookup_gradient(ids, upstream, vocab_size):
    gradient = torch.zeros(vocab_size, upstream.shape[1])
    gradient[ids] += upstream
    return gradient
""",
        # the mean of the contributions
        """
def lookup_gradient(ids, upstream, vocab_size):
    one_hot = F.one_hot(ids, vocab_size).float()
    return one_hot.T @ upstream / one_hot.sum(0).clamp(min=1)[:, None]
""",
        # one-hot the wrong way round: an upstream gradient for every row
        """
def lookup_gradient(ids, upstream, vocab_size):
    return upstream.sum(0).expand(vocab_size, -1).clone()
""",
        # ids - 1
        """
def lookup_gradient(ids, upstream, vocab_size):
    gradient = torch.zeros(vocab_size, upstream.shape[1])
    return gradient.index_add(0, (ids - 1) % vocab_size, upstream)
""",
    ],
    "3.2": [
        # without the total
        """
def pmi(counts):
    by_chance = counts.sum(1, keepdim=True) * counts.sum(0, keepdim=True)
    return torch.where(counts > 0, (counts / by_chance).log(), -math.inf)
""",
        # rows and columns exchanged
        """
def pmi(counts):
    size = max(counts.shape)
    square = torch.zeros(size, size)
    square[: counts.shape[0], : counts.shape[1]] = counts
    by_chance = square.sum(0)[:, None] * square.sum(1)[None] / counts.sum()
    by_chance = by_chance[: counts.shape[0], : counts.shape[1]]
    return torch.where(counts > 0, (counts / by_chance).log(), -math.inf)
""",
        # 0 / 0 stays NaN
        """
def pmi(counts):
    p = counts / counts.sum()
    return (p / (p.sum(1, keepdim=True) * p.sum(0, keepdim=True))).log()
""",
        # positive PMI: nothing below 0
        """
def pmi(counts):
    by_chance = counts.sum(1, keepdim=True) * counts.sum(0, keepdim=True) / counts.sum()
    return torch.where(counts > 0, (counts / by_chance).log(), 0.0)
""",
        # the conditional probability only
        """
def pmi(counts):
    return torch.where(counts > 0, (counts / counts.sum(1, keepdim=True)).log(), -math.inf)
""",
        # in bits
        """
def pmi(counts):
    by_chance = counts.sum(1, keepdim=True) * counts.sum(0, keepdim=True) / counts.sum()
    return torch.where(counts > 0, (counts / by_chance).log2(), -math.inf)
""",
        # smoothed
        """
def pmi(counts):
    counts = counts + 1e-3
    by_chance = counts.sum(1, keepdim=True) * counts.sum(0, keepdim=True) / counts.sum()
    return (counts / by_chance).log()
""",
    ],
    "3.3": [
        # the layer's own bias is forgotten
        """
def window_parameters(vocab_size, width, d_model, d_hidden, tied):
    tables = vocab_size * d_model * (1 if tied else 2)
    return tables + width * d_model * d_hidden + d_hidden * d_model
""",
        # the width of the window does not count
        """
def window_parameters(vocab_size, width, d_model, d_hidden, tied):
    tables = vocab_size * d_model * (1 if tied else 2)
    return tables + (d_model + 1) * d_hidden + (d_hidden + 1) * d_model
""",
        # the scores have a bias
        """
def window_parameters(vocab_size, width, d_model, d_hidden, tied):
    tables = vocab_size * d_model * (1 if tied else 2) + vocab_size
    return tables + (width * d_model + 1) * d_hidden + (d_hidden + 1) * d_model
""",
        # tied the wrong way round
        """
def window_parameters(vocab_size, width, d_model, d_hidden, tied):
    tables = vocab_size * d_model * (2 if tied else 1)
    return tables + (width * d_model + 1) * d_hidden + (d_hidden + 1) * d_model
""",
        # a score straight from the hidden layer
        """
def window_parameters(vocab_size, width, d_model, d_hidden, tied):
    table = 0 if tied else vocab_size * d_hidden
    return vocab_size * d_model + table + (width * d_model + 1) * d_hidden
""",
    ],
    "3.4": [
        # the mask inside the logarithm: ln 2 for what does not count
        """
def loss_right(scores, labels, mask):
    return -F.logsigmoid((2 * labels - 1) * scores * mask).sum(dim=1).mean()
""",
        # only the real ones
        """
def loss_right(scores, labels, mask):
    return -(F.logsigmoid(scores) * labels * mask).sum(dim=1).mean()
""",
        # the sign turned round
        """
def loss_right(scores, labels, mask):
    return -(F.logsigmoid((1 - 2 * labels) * scores) * mask).sum(dim=1).mean()
""",
        # the mean over what counts
        """
def loss_right(scores, labels, mask):
    return -F.logsigmoid((2 * labels - 1) * scores)[mask].mean()
""",
        # the sum over everything
        """
def loss_right(scores, labels, mask):
    return -(F.logsigmoid((2 * labels - 1) * scores) * mask).sum()
""",
        # the logarithm of a sigmoid that is zero
        """
def loss_right(scores, labels, mask):
    p = torch.sigmoid((2 * labels - 1) * scores)
    return -(p.log() * mask).sum(dim=1).mean()
""",
        # the mean in each row
        """
def loss_right(scores, labels, mask):
    surprise = -F.logsigmoid((2 * labels - 1) * scores) * mask
    return (surprise.sum(dim=1) / mask.sum(dim=1).clamp(min=1)).mean()
""",
        # softmax over the candidates
        """
def loss_right(scores, labels, mask):
    logits = scores.masked_fill(~mask, -math.inf)
    return -(torch.log_softmax(logits, 1).masked_fill(~mask, 0) * labels).sum(1).mean()
""",
        # the mask is forgotten
        """
def loss_right(scores, labels, mask):
    return -F.logsigmoid((2 * labels - 1) * scores).sum(dim=1).mean()
""",
    ],
    "3.5": [
        # the target is still in the context
        """
def blanks(rows, reach, end):
    contexts, targets = [], []
    for row in rows:
        padded = [end] * reach + list(row) + [end] * reach
        for i, token in enumerate(row):
            contexts.append(padded[i : i + 2 * reach])
            targets.append(token)
    return torch.tensor(contexts), torch.tensor(targets)
""",
        # across the ends
        """
def blanks(rows, reach, end):
    tokens = [end] * reach + [i for row in rows for i in row] + [end] * reach
    places = range(reach, len(tokens) - reach)
    contexts = [tokens[i - reach : i] + tokens[i + 1 : i + reach + 1] for i in places]
    return torch.tensor(contexts), torch.tensor([tokens[i] for i in places])
""",
        # one end between the texts
        """
def blanks(rows, reach, end):
    tokens = [end] * reach + [i for row in rows for i in (*row, end)] + [end] * reach
    places = [i for i in range(reach, len(tokens) - reach) if tokens[i] != end]
    contexts = [tokens[i - reach : i] + tokens[i + 1 : i + reach + 1] for i in places]
    return torch.tensor(contexts), torch.tensor([tokens[i] for i in places])
""",
        # the end is a target, too
        """
def blanks(rows, reach, end):
    contexts, targets = [], []
    for row in rows:
        padded = [end] * reach + [*row, end] + [end] * reach
        for i, token in enumerate([*row, end]):
            contexts.append(padded[i : i + reach] + padded[i + reach + 1 : i + 2 * reach + 1])
            targets.append(token)
    return torch.tensor(contexts), torch.tensor(targets)
""",
        # the right side first
        """
def blanks(rows, reach, end):
    contexts, targets = [], []
    for row in rows:
        padded = [end] * reach + list(row) + [end] * reach
        for i, token in enumerate(row):
            contexts.append(padded[i + reach + 1 : i + 2 * reach + 1] + padded[i : i + reach])
            targets.append(token)
    return torch.tensor(contexts), torch.tensor(targets)
""",
        # a text that is too short is left out
        """
def blanks(rows, reach, end):
    contexts, targets = [], []
    for row in rows:
        if len(row) < 2:
            continue
        padded = [end] * reach + list(row) + [end] * reach
        for i, token in enumerate(row):
            contexts.append(padded[i : i + reach] + padded[i + reach + 1 : i + 2 * reach + 1])
            targets.append(token)
    return torch.tensor(contexts), torch.tensor(targets)
""",
        # changes the rows
        """
def blanks(rows, reach, end):
    contexts, targets = [], []
    for row in rows:
        n = len(row)
        row[:0] = [end] * reach
        row += [end] * reach
        for i in range(reach, reach + n):
            contexts.append(row[i - reach : i] + row[i + 1 : i + reach + 1])
            targets.append(row[i])
    return torch.tensor(contexts), torch.tensor(targets)
""",
    ],
    "3.6": [
        # the inputs may answer
        """
def best_other(a, b, c, names, table):
    unit = F.normalize(table, dim=1)
    ia, ib, ic = map(names.index, (a, b, c))
    return names[(unit @ (unit[ib] - unit[ia] + unit[ic])).argmax()]
""",
        # only c is left out
        """
def best_other(a, b, c, names, table):
    unit = F.normalize(table, dim=1)
    ia, ib, ic = map(names.index, (a, b, c))
    scores = unit @ (unit[ib] - unit[ia] + unit[ic])
    scores[ic] = -math.inf
    return names[scores.argmax()]
""",
        # the vectors keep their lengths
        """
def best_other(a, b, c, names, table):
    ia, ib, ic = map(names.index, (a, b, c))
    goal = table[ib] - table[ia] + table[ic]
    scores = F.cosine_similarity(table, goal[None])
    scores[[ia, ib, ic]] = -math.inf
    return names[scores.argmax()]
""",
        # the largest dot product
        """
def best_other(a, b, c, names, table):
    unit = F.normalize(table, dim=1)
    ia, ib, ic = map(names.index, (a, b, c))
    scores = table @ (unit[ib] - unit[ia] + unit[ic])
    scores[[ia, ib, ic]] = -math.inf
    return names[scores.argmax()]
""",
        # the arrow the other way
        """
def best_other(a, b, c, names, table):
    unit = F.normalize(table, dim=1)
    ia, ib, ic = map(names.index, (a, b, c))
    scores = unit @ (unit[ia] - unit[ib] + unit[ic])
    scores[[ia, ib, ic]] = -math.inf
    return names[scores.argmax()]
""",
        # normalised along the wrong axis
        """
def best_other(a, b, c, names, table):
    unit = F.normalize(table, dim=0)
    ia, ib, ic = map(names.index, (a, b, c))
    scores = unit @ (unit[ib] - unit[ia] + unit[ic])
    scores[[ia, ib, ic]] = -math.inf
    return names[scores.argmax()]
""",
        # normalises the caller's table
        """
def best_other(a, b, c, names, table):
    table /= table.norm(dim=1, keepdim=True)
    ia, ib, ic = map(names.index, (a, b, c))
    scores = table @ (table[ib] - table[ia] + table[ic])
    scores[[ia, ib, ic]] = -math.inf
    return names[scores.argmax()]
""",
        # excluded with 0: a negative cosine may still be the best of the others
        """
def best_other(a, b, c, names, table):
    unit = F.normalize(table, dim=1)
    ia, ib, ic = map(names.index, (a, b, c))
    scores = (unit @ (unit[ib] - unit[ia] + unit[ic])).abs()
    scores[[ia, ib, ic]] = 0
    return names[scores.argmax()]
""",
        # the nearest by distance to vectors of any length
        """
def best_other(a, b, c, names, table):
    unit = F.normalize(table, dim=1)
    ia, ib, ic = map(names.index, (a, b, c))
    far = (table - (unit[ib] - unit[ia] + unit[ic])).norm(dim=1)
    far[[ia, ib, ic]] = math.inf
    return names[far.argmin()]
""",
    ],
    "3.7": [
        # divides by the places
        """
def cbow_scores(contexts, candidates, around, middle, pad):
    real = (contexts != pad)[:, :, None]
    mean = (around[contexts] * real).mean(dim=1)
    return torch.einsum("bcd,bd->bc", middle[candidates], mean)
""",
        # the vector of pad counts in the sum
        """
def cbow_scores(contexts, candidates, around, middle, pad):
    n = (contexts != pad).sum(dim=1, keepdim=True).clamp(min=1)
    mean = around[contexts].sum(dim=1) / n
    return torch.einsum("bcd,bd->bc", middle[candidates], mean)
""",
        # plain mean, pads included
        """
def cbow_scores(contexts, candidates, around, middle, pad):
    return torch.einsum("bcd,bd->bc", middle[candidates], around[contexts].mean(dim=1))
""",
        # the sum
        """
def cbow_scores(contexts, candidates, around, middle, pad):
    total = (around[contexts] * (contexts != pad)[:, :, None]).sum(dim=1)
    return torch.einsum("bcd,bd->bc", middle[candidates], total)
""",
        # the tables exchanged
        """
def cbow_scores(contexts, candidates, around, middle, pad):
    real = (contexts != pad)[:, :, None]
    mean = (middle[contexts] * real).sum(dim=1) / real.sum(dim=1).clamp(min=1)
    return torch.einsum("bcd,bd->bc", around[candidates], mean)
""",
        # 0 / 0
        """
def cbow_scores(contexts, candidates, around, middle, pad):
    real = (contexts != pad)[:, :, None]
    mean = (around[contexts] * real).sum(dim=1) / real.sum(dim=1)
    return torch.einsum("bcd,bd->bc", middle[candidates], mean)
""",
        # pad is 0
        """
def cbow_scores(contexts, candidates, around, middle, pad):
    real = (contexts != 0)[:, :, None]
    mean = (around[contexts] * real).sum(dim=1) / real.sum(dim=1).clamp(min=1)
    return torch.einsum("bcd,bd->bc", middle[candidates], mean)
""",
        # each word once
        """
def cbow_scores(contexts, candidates, around, middle, pad):
    found = []
    for row, some in zip(contexts.tolist(), candidates):
        inside = sorted({i for i in row if i != pad})
        mean = around[inside].mean(dim=0) if inside else torch.zeros(around.shape[1])
        found.append(middle[some] @ mean)
    return torch.stack(found)
""",
        # pad in candidates left out, too
        """
def cbow_scores(contexts, candidates, around, middle, pad):
    real = (contexts != pad)[:, :, None]
    mean = (around[contexts] * real).sum(dim=1) / real.sum(dim=1).clamp(min=1)
    scores = torch.einsum("bcd,bd->bc", middle[candidates], mean)
    return scores.masked_fill(candidates == pad, 0.0)
""",
    ],
    "3.8": [
        # no marks at the ends
        """
def subword_vector(word, table, n):
    found = [table[word[i : i + n]] for i in range(len(word) - n + 1) if word[i : i + n] in table]
    size = len(next(iter(table.values())))
    return torch.stack(found).mean(dim=0) if found else torch.zeros(size)
""",
        # each piece once
        """
def subword_vector(word, table, n):
    marked = f"<{word}>"
    pieces = {marked[i : i + n] for i in range(len(marked) - n + 1)}
    found = [table[piece] for piece in pieces if piece in table]
    size = len(next(iter(table.values())))
    return torch.stack(found).mean(dim=0) if found else torch.zeros(size)
""",
        # the last piece is forgotten
        """
def subword_vector(word, table, n):
    marked = f"<{word}>"
    found = [table[marked[i : i + n]] for i in range(len(marked) - n) if marked[i : i + n] in table]
    size = len(next(iter(table.values())))
    return torch.stack(found).mean(dim=0) if found else torch.zeros(size)
""",
        # pieces without a vector count in the mean
        """
def subword_vector(word, table, n):
    marked = f"<{word}>"
    zero = torch.zeros(len(next(iter(table.values()))))
    found = [table.get(marked[i : i + n], zero) for i in range(len(marked) - n + 1)]
    return torch.stack(found).mean(dim=0) if found else zero
""",
        # the sum
        """
def subword_vector(word, table, n):
    marked = f"<{word}>"
    found = [table[marked[i : i + n]] for i in range(len(marked) - n + 1) if marked[i : i + n] in table]
    size = len(next(iter(table.values())))
    return torch.stack(found).sum(dim=0) if found else torch.zeros(size)
""",
        # pieces side by side, not overlapping
        """
def subword_vector(word, table, n):
    marked = f"<{word}>"
    found = [table[marked[i : i + n]] for i in range(0, len(marked) - n + 1, n) if marked[i : i + n] in table]
    size = len(next(iter(table.values())))
    return torch.stack(found).mean(dim=0) if found else torch.zeros(size)
""",
        # always three letters
        """
def subword_vector(word, table, n):
    marked = f"<{word}>"
    found = [table[marked[i : i + 3]] for i in range(len(marked) - 2) if marked[i : i + 3] in table]
    size = len(next(iter(table.values())))
    return torch.stack(found).mean(dim=0) if found else torch.zeros(size)
""",
        # the whole word counts as a piece
        """
def subword_vector(word, table, n):
    marked = f"<{word}>"
    pieces = [marked[i : i + n] for i in range(len(marked) - n + 1)] + [word]
    found = [table[piece] for piece in pieces if piece in table]
    size = len(next(iter(table.values())))
    return torch.stack(found).mean(dim=0) if found else torch.zeros(size)
""",
        # nothing known: no zeros
        """
def subword_vector(word, table, n):
    marked = f"<{word}>"
    found = [table[marked[i : i + n]] for i in range(len(marked) - n + 1) if marked[i : i + n] in table]
    return torch.stack(found).mean(dim=0) if found else None
""",
    ],
    "3.9": [
        # not centred
        """
def all_but_the_top(table, k):
    _, _, directions = torch.linalg.svd(table, full_matrices=False)
    return table - table @ directions[:k].T @ directions[:k]
""",
        # the mean is not taken away in the end
        """
def all_but_the_top(table, k):
    centred = table - table.mean(dim=0)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    return table - centred @ directions[:k].T @ directions[:k]
""",
        # columns of V in place of rows
        """
def all_but_the_top(table, k):
    centred = table - table.mean(dim=0)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    top = directions[:, :k]
    return centred - centred @ top @ top.T
""",
        # keeps the top
        """
def all_but_the_top(table, k):
    centred = table - table.mean(dim=0)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    return centred @ directions[:k].T @ directions[:k]
""",
        # one direction too many
        """
def all_but_the_top(table, k):
    centred = table - table.mean(dim=0)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    top = directions[: k + 1] if k else directions[:0]
    return centred - centred @ top.T @ top
""",
        # the narrowest directions: eigenvalues come in rising order
        """
def all_but_the_top(table, k):
    centred = table - table.mean(dim=0)
    _, axes = torch.linalg.eigh(centred.T @ centred)
    top = axes[:, :k]
    return centred - centred @ top @ top.T
""",
        # the mean of each vector, not of the table
        """
def all_but_the_top(table, k):
    centred = table - table.mean(dim=1, keepdim=True)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    return centred - centred @ directions[:k].T @ directions[:k]
""",
        # turned into the axes of the spread
        """
def all_but_the_top(table, k):
    centred = table - table.mean(dim=0)
    left, widths, _ = torch.linalg.svd(centred, full_matrices=False)
    widths[:k] = 0
    return left * widths
""",
        # scaled to length 1 afterwards
        """
def all_but_the_top(table, k):
    centred = table - table.mean(dim=0)
    _, _, directions = torch.linalg.svd(centred, full_matrices=False)
    return F.normalize(centred - centred @ directions[:k].T @ directions[:k], dim=1)
""",
        # changes the caller's table
        """
def all_but_the_top(table, k):
    table -= table.mean(dim=0)
    _, _, directions = torch.linalg.svd(table, full_matrices=False)
    return table - table @ directions[:k].T @ directions[:k]
""",
        # -k: with k = 0 nothing is left of it
        """
def all_but_the_top(table, k):
    centred = table - table.mean(dim=0)
    _, axes = torch.linalg.eigh(centred.T @ centred)
    top = axes[:, -k:]
    return centred - centred @ top @ top.T
""",
    ],
}
