"""Language models that count.

Deviation from the paper: the recursion ends in the uniform distribution, so that no word of the vocabulary is
impossible.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

import torch

Token: TypeAlias = str | int  # a word, a character, or the number that a tokenizer gives
START = ""  # stands before the first token of every text


class NGram:
    """Predict a token from the `order - 1` tokens before it, by counting what followed them.

    Args:
        order: length of the longest n-gram that is counted, at least 1.
        vocabulary: every token that can occur, the mark for the end of a text included.

    Raises:
        ValueError: the order is below 1, or the vocabulary is empty or holds "", the mark for a beginning.

    Reference: method C of Witten and Bell (witten1991), interpolated as in chen1999empirical.
    """

    def __init__(self, order: int, vocabulary: Collection[Token]) -> None:
        if order < 1 or not vocabulary:
            raise ValueError(f"order={order}, {len(vocabulary)} tokens: both must be 1 or more")
        self.known = set(vocabulary)
        if START in self.known:
            raise ValueError(f"{START!r} is no token: it stands for the beginning of a text")
        self.order = order
        self.vocabulary = sorted(self.known, key=str)
        self.counts: dict[tuple[Token, ...], Counter[Token]] = defaultdict(Counter)

    def count(self, texts: Iterable[Sequence[Token]]) -> "NGram":
        """Count the n-grams of texts, and return the model.

        Args:
            texts: each a sequence of tokens that ends with its mark for the end; n-grams stay inside a text.

        Raises:
            ValueError: a token is not in the vocabulary; nothing is counted then.
        """
        texts = list(texts)
        if unknown := {token for tokens in texts for token in tokens} - self.known:
            raise ValueError(f"{sorted(unknown)[:5]} are not in the vocabulary: add or replace them")
        for tokens in texts:
            padded = (START,) * (self.order - 1) + tuple(tokens)
            for end in range(self.order - 1, len(padded)):
                for n in range(self.order):
                    self.counts[padded[end - n : end]][padded[end]] += 1
        return self

    def prob(self, token: Token, before: Sequence[Token]) -> float:
        """Return the probability of a token after the tokens before it.

        Args:
            token: one of the vocabulary.
            before: all tokens of the text so far, from its first; what is too far back is not used.

        Raises:
            ValueError: the token is not in the vocabulary.
        """
        if token not in self.known:
            raise ValueError(f"{token!r} is not in the vocabulary: it has no probability")
        before = (START,) * (self.order - 1) + tuple(before)
        p = 1 / len(self.vocabulary)
        for n in range(self.order):
            seen = self.counts.get(before[len(before) - n :])
            if seen:
                # T kinds followed this context: the next is new with probability T / (N + T).
                p = (seen[token] + len(seen) * p) / (seen.total() + len(seen))
        return p

    def log_prob(self, tokens: Sequence[Token]) -> float:
        """Return the log-probability (nats) of a whole text, from its first token to its last."""
        return sum(math.log(self.prob(token, tokens[:i])) for i, token in enumerate(tokens))

    def distribution(self, before: Sequence[Token]) -> dict[Token, float]:
        """Return the probability of every token of the vocabulary, most probable first."""
        probs = {token: self.prob(token, before) for token in self.vocabulary}
        return dict(sorted(probs.items(), key=lambda item: -item[1]))

    def sample(self, before: Sequence[Token], generator: torch.Generator) -> Token:
        """Draw the next token: one that was seen here, or else one for a shorter context.

        Args:
            before: all tokens of the text so far.
            generator: draws, on the CPU.
        """
        before = (START,) * (self.order - 1) + tuple(before)
        for n in reversed(range(self.order)):
            seen = self.counts.get(before[len(before) - n :])
            if seen:
                point = torch.rand((), generator=generator).item() * (seen.total() + len(seen))
                for token, count in seen.items():
                    point -= count
                    if point < 0:
                        return token
        any_token = torch.randint(len(self.vocabulary), (), generator=generator)
        return self.vocabulary[int(any_token)]

    def generate(
        self, prompt: Sequence[Token], generator: torch.Generator, end: Token, limit: int = 300
    ) -> list[Token]:
        """Continue a prompt until the token `end`, or until `limit` tokens stand there.

        Args:
            prompt: tokens to begin with; none for a new text.
            generator: draws, on the CPU.
            end: the token at which the text is finished.
            limit: tokens at most, those of the prompt included.

        Returns:
            The prompt and what follows it, without `end`.
        """
        tokens = list(prompt)
        while len(tokens) < limit and (token := self.sample(tokens, generator)) != end:
            tokens.append(token)
        return tokens
