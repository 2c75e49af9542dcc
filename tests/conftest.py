"""A small book in a temporary folder, for tests that break it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "tools"))

from pieces import Book  # noqa: E402  (found through the line above)

CHAPTER = '''\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
---

(ch-toy)=
# 1. A toy

We count, and we fit.

```{code-cell} python
# llmlite: setup
```

```{code-cell} python
:tags: [needed]
import math

from llmlite.check import band, check_exercise
```

## The loop

It takes steps.

```{code-cell} python
:tags: [needed]
# llmlite: training.loop.fit
```

```{code-cell} python
# llmlite: model.counter.SIZE
# llmlite: model.counter.Counter without total
```

```{code-cell} python
# llmlite: model.counter.Counter.total
```

```{code-cell} python
counter = Counter()
counter.add("goose")
print(counter.total(), isinstance(counter, Counter), fit.__name__)
band("pi", math.pi, 3, 4)
```

:::{exercise} Twice (*)
:label: ex-1-1

Return twice the number.
:::

```{code-cell} python
:tags: [exercise]
def twice(x: float) -> float:
    """Return 2x."""
    # BEGIN SOLUTION
    doubled = 2 * x
    return doubled
    # END SOLUTION
```

```{code-cell} python
:tags: [check, hide-input]
@check_exercise("1.1", twice)
def _(twice):
    assert twice(2) == 4, "twice two is four"
    assert twice(-1) == -2, "twice minus one is minus two"
```

+++ {"tags": ["solution"]}

Add the number to itself.

```{code-cell} python
:tags: [finale]
from llmlite.check import transplanted

with transplanted() as mine:
    print("with yours inside:", mine)
```
'''

COUNTER = '''\
"""Counts."""

from collections import Counter as Bag

SIZE = 3  # words kept


def _largest(bag: "Bag[str]") -> int:
    return max(bag.values(), default=0)


class Counter:
    """Count words.

    More about it.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.bag: Bag[str] = Bag()

    def add(self, word: str) -> None:
        """Count a word.

        Args:
            word: any text.
        """
        self.bag[word] += 1  # type: ignore[index]

    def total(self) -> int:
        """Return the largest count.

        Returns:
            A count.
        """
        return _largest(self.bag)
'''


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Return a book of one chapter, with the real check module, the real loop and one more module."""
    package = tmp_path / "llmlite"
    for name in ("__init__.py", "check.py", "cases/__init__.py", "cases/training.py", "training/__init__.py",
                 "training/loop.py"):  # fmt: skip
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "llmlite" / name, package / name)
    (package / "model").mkdir()
    (package / "model" / "__init__.py").write_text('"""Models."""\n')
    (package / "model" / "counter.py").write_text(COUNTER)
    (tmp_path / "book" / "tools").mkdir(parents=True)
    (tmp_path / "_config.yml").write_text(
        "repository:\n  url: https://example.org/someone/book\n  branch: main\n"
    )
    (tmp_path / "chapters" / "src").mkdir(parents=True)
    (tmp_path / "chapters" / "src" / "01_toy.md").write_text(CHAPTER)
    return Book(tmp_path)


@pytest.fixture
def toy(book: Book) -> Path:
    """Return the source of the book's one chapter."""
    return book.source("01")


@pytest.fixture
def edit() -> Callable[[Path, str, str], None]:
    """Return a function that replaces a text in a file, which must be there."""

    def replace(path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{path.name} does not hold {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Compute on one thread: for small tensors a second one only waits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
