"""Plausible wrong solutions of chapter 1: exercise number -> solutions that its check must reject."""

WRONG = {
    "1.1": [
        # the wrong way round
        """
def bits_per_character_of(nats, characters):
    return nats * math.log(2) / characters
""",
        # nats per character
        """
def bits_per_character_of(nats, characters):
    return nats / characters
""",
    ],
    "1.2": [
        # skips what is impossible
        """
def perplexity_of(probabilities):
    return math.exp(-sum(math.log(p) for p in probabilities if p > 0) / len(probabilities))
""",
        # hides it behind a small number
        """
def perplexity_of(probabilities):
    return math.exp(-sum(math.log(max(p, 1e-12)) for p in probabilities) / len(probabilities))
""",
        # the arithmetic mean of the inverse probabilities
        """
def perplexity_of(probabilities):
    return sum(1 / p for p in probabilities) / len(probabilities)
""",
        # right on short texts; the product underflows
        """
def perplexity_of(probabilities):
    product = math.prod(probabilities)
    return math.inf if product == 0 else product ** (-1 / len(probabilities))
""",
        # of the sum, not of the mean
        """
def perplexity_of(probabilities):
    return math.exp(-sum(math.log(p) for p in probabilities))
""",
    ],
    "1.3": [
        # the logarithm of a product that underflows
        """
def chain(next_word, text):
    product = math.prod(next_word(text[:t]).get(word, 0.0) for t, word in enumerate(text))
    return math.log(product) if product > 0 else -math.inf
""",
        # only the word before
        """
def chain(next_word, text):
    probs = [next_word(text[max(0, t - 1):t]).get(word, 0.0) for t, word in enumerate(text)]
    return sum(math.log(p) if p > 0 else -math.inf for p in probs)
""",
        # skips what is impossible
        """
def chain(next_word, text):
    probs = [next_word(text[:t]).get(word, 0.0) for t, word in enumerate(text)]
    return sum(math.log(p) for p in probs if p > 0)
""",
        # forgets the first word
        """
def chain(next_word, text):
    probs = [next_word(text[:t]).get(text[t], 0.0) for t in range(1, len(text))]
    return sum(math.log(p) if p > 0 else -math.inf for p in probs)
""",
        # the probability, not its logarithm
        """
def chain(next_word, text):
    return math.prod(next_word(text[:t]).get(word, 0.0) for t, word in enumerate(text))
""",
    ],
    "1.4": [
        # a default that remembers earlier calls
        """
def count_ngrams(texts, order, counts=defaultdict(Counter)):
    for text in texts:
        padded = [""] * (order - 1) + text
        for i, word in enumerate(text):
            counts[tuple(padded[i : i + order - 1])][word] += 1
    return {context: Counter(after) for context, after in counts.items() if len(context) == order - 1}
""",
        # counts across the end of a text
        """
def count_ngrams(texts, order):
    counts = defaultdict(Counter)
    tokens = [""] * (order - 1) + [word for text in texts for word in text]
    for i in range(order - 1, len(tokens)):
        counts[tuple(tokens[i - order + 1 : i])][tokens[i]] += 1
    return dict(counts)
""",
        # no beginning: the first words are never predicted
        """
def count_ngrams(texts, order):
    counts = defaultdict(Counter)
    for text in texts:
        for i in range(order - 1, len(text)):
            counts[tuple(text[i - order + 1 : i])][text[i]] += 1
    return dict(counts)
""",
        # one word of context too many
        """
def count_ngrams(texts, order):
    counts = defaultdict(Counter)
    for text in texts:
        padded = [""] * order + text
        for i, word in enumerate(text):
            counts[tuple(padded[i : i + order])][word] += 1
    return dict(counts)
""",
    ],
    "1.5": [
        # the bug itself
        """
def repaired(counts, previous, word, k, size):
    seen = counts.get(previous, Counter())
    return (seen[word] + k) / (seen.total() + k)
""",
        # counts only the words that were seen
        """
def repaired(counts, previous, word, k, size):
    seen = counts.get(previous, Counter())
    return (seen[word] + k) / (seen.total() + k * max(len(seen), 1))
""",
        # forgets that an unseen word may follow
        """
def repaired(counts, previous, word, k, size):
    seen = counts.get(previous, Counter())
    return seen[word] / seen.total() if seen[word] else k / (seen.total() + k * size)
""",
    ],
    "1.6": [
        # the product underflows
        """
def honest(probabilities):
    product = math.prod(probabilities)
    return -math.log(product) / len(probabilities) if product > 0 else math.inf
""",
        # looks at the last word only
        """
def honest(probabilities):
    if probabilities[-1] == 0:
        return math.inf
    return sum(-math.log(p) for p in probabilities if p > 0) / len(probabilities)
""",
        # the bug itself
        """
def honest(probabilities):
    known = [p for p in probabilities if p > 0]
    return -sum(math.log(p) for p in known) / len(known)
""",
        # counts all words, and still forgives zeros
        """
def honest(probabilities):
    return -sum(math.log(p) for p in probabilities if p > 0) / len(probabilities)
""",
        # hides zeros behind a small number
        """
def honest(probabilities):
    return -sum(math.log(max(p, 1e-9)) for p in probabilities) / len(probabilities)
""",
    ],
    "1.7": [
        # in alphabetical order
        """
def draw_word(probabilities, u):
    for word in sorted(probabilities):
        u -= probabilities[word]
        if u < 0:
            return word
    return word
""",
        # the most probable word, always
        """
def draw_word(probabilities, u):
    return max(probabilities, key=probabilities.get)
""",
        # off by one at the edges
        """
def draw_word(probabilities, u):
    for word, probability in probabilities.items():
        u -= probability
        if u <= 0:
            return word
    return word
""",
        # loses what rounding leaves
        """
def draw_word(probabilities, u):
    for word, probability in probabilities.items():
        u -= probability
        if u < 0:
            return word
""",
        # does not add up
        """
def draw_word(probabilities, u):
    for word, probability in probabilities.items():
        if u < probability:
            return word
    return word
""",
    ],
    "1.8": [
        # asks the town in place of the weights
        """
def pet_behind(sound, hero, facts, weights):
    posterior = Counter()
    for person, weight in town.cast.probs.items():
        if person.facts["name"] != hero and person.facts["sound"] == sound:
            posterior[person.facts["pet_name"]] += weight
    return {pet: weight / posterior.total() for pet, weight in posterior.items()}
""",
        # the hero may own the animal
        """
def pet_behind(sound, hero, facts, weights):
    posterior = Counter()
    for name, weight in weights.items():
        if facts[name]["sound"] == sound:
            posterior[facts[name]["pet_name"]] += weight
    return {pet: weight / posterior.total() for pet, weight in posterior.items()}
""",
        # every owner alike
        """
def pet_behind(sound, hero, facts, weights):
    pets = Counter(facts[n]["pet_name"] for n in weights if n != hero and facts[n]["sound"] == sound)
    return {pet: count / pets.total() for pet, count in pets.items()}
""",
        # does not normalise
        """
def pet_behind(sound, hero, facts, weights):
    posterior = Counter()
    for name, weight in weights.items():
        if name != hero and facts[name]["sound"] == sound:
            posterior[facts[name]["pet_name"]] += weight
    return dict(posterior)
""",
    ],
    "1.9": [
        # the share of the probabilities, without the weights
        """
def improve(weights, probabilities):
    shares = [sum(row[j] / sum(row) for row in probabilities) for j in range(len(weights))]
    return [share / len(probabilities) for share in shares]
""",
        # the shares are not averaged
        """
def improve(weights, probabilities):
    shares = [0.0] * len(weights)
    for row in probabilities:
        mixed = sum(w * p for w, p in zip(weights, row))
        for j, (w, p) in enumerate(zip(weights, row)):
            shares[j] += w * p / mixed
    return shares
""",
        # the winner takes the word
        """
def improve(weights, probabilities):
    wins = Counter(max(range(len(weights)), key=lambda j: weights[j] * row[j]) for row in probabilities)
    return [wins[j] / len(probabilities) for j in range(len(weights))]
""",
    ],
    "1.10": [
        # forgets the floor
        """
def stories_needed(sizes, losses, floor, target):
    x = torch.tensor(sizes, dtype=torch.float64).log()
    y = torch.tensor(losses, dtype=torch.float64).log()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    return math.exp((math.log(target) - y.mean() + slope * x.mean()) / slope)
""",
        # a line through the first and the last point only
        """
def stories_needed(sizes, losses, floor, target):
    x = [math.log(n) for n in sizes]
    y = [math.log(loss - floor) for loss in losses]
    slope = (y[-1] - y[0]) / (x[-1] - x[0])
    return math.exp(x[0] + (math.log(target - floor) - y[0]) / slope)
""",
    ],
}
