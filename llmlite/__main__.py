"""The book's verbs without a notebook: `python -m llmlite world --stories 3`, and `--help` for the rest.

A verb is a function that adds its options to a parser and returns what to run; `@verb` puts it on the list.
"""

import argparse
import os
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NoReturn

from llmlite.storage import atomic_write
from llmlite.world import Town

Run = Callable[[argparse.Namespace], int]
Verb = Callable[[argparse.ArgumentParser], Run]
VERBS: list[Verb] = []

MOST = 20  # words that `--next` lists


def verb(function: Verb) -> Verb:
    """Add a verb: its name is the function's, its help the first line of the docstring."""
    VERBS.append(function)
    return function


class UsageError(Exception):
    """What the user asked for cannot be done; the message is one line."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Leave with the message and exit code 2."""
        raise UsageError(f"{message} (see {self.prog} --help)")


@verb
def world(parser: argparse.ArgumentParser) -> Run:
    """Tell Tinytown's stories, judge a text, name the next word, or draw the map."""
    add = parser.add_argument
    add("--stories", type=positive, metavar="N", help="tell N stories (3, if nothing else is asked for)")
    add("--seed", type=int, default=0, metavar="N", help="which stories (default 0)")
    add("--town-seed", type=int, default=0, metavar="N", help="which town (default 0)")
    add("--cast", type=names, metavar="NAMES", help="who lives there, as Ada,Bo,Cy: best known first")
    add("--judge", metavar="FILE", help="judge a file with one story a line (- reads standard input)")
    add(
        "--next", metavar="PREFIX", help=f"the {MOST} most probable next words after the beginning of a story"
    )
    add("--map", type=Path, metavar="FILE", help="draw the town as an SVG file")
    parser.epilog = "With --judge, the exit code is 1 if a line is no story of the town."
    return run_world


def run_world(args: argparse.Namespace) -> int:
    """Do what was asked of the town, in the order of the options."""
    try:
        town = Town(args.town_seed, args.cast)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from error
    asked = [option is not None for option in (args.judge, args.next, args.map)]
    if args.stories or not any(asked):
        print(*town.stories(args.stories or 3, args.seed), sep="\n")
    wrong = judge(town, args.judge) if args.judge is not None else 0
    if args.next is not None:
        show_next(town, args.next)
    if args.map is not None:
        write_map(town, args.map)
    return 1 if wrong else 0


def judge(town: Town, source: str) -> int:
    """Print a verdict for each line of a file; return how many lines are no story of the town."""
    wrong = 0
    for number, line in enumerate(lines_of(source), 1):
        if line.strip():
            verdict = town.judge(line)
            wrong += not verdict.right
            print(f"line {number}: {'right' if verdict.right else verdict.message}")
    return wrong


def lines_of(source: str) -> list[str]:
    """Return the lines of a file, of standard input for "-"."""
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return data.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    except OSError as error:
        raise UsageError(f"--judge {source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--judge {source}: not UTF-8 text at byte {error.start}") from error


def show_next(town: Town, prefix: str) -> None:
    """Print the most probable next words with their probabilities."""
    following = town.next_word(prefix)
    if not following:
        raise UsageError(f"--next: no story of this town begins like that; {town.judge(prefix).message}")
    for word, probability in islice(following.items(), MOST):
        print(f"{probability:.4f}  {'(end of the story)' if word == chr(10) else word}")
    if len(following) > MOST:
        rest = sum(islice(following.values(), MOST, None))
        print(f"{rest:.4f}  ({len(following) - MOST:,} other words)")


def write_map(town: Town, path: Path) -> None:
    """Write the town's map, whole or not at all."""
    try:
        atomic_write(path, town.map())
    except OSError as error:
        raise UsageError(f"--map {path}: {error.strerror}") from error
    print(f"The map is in {path}")


@verb
def zoo(parser: argparse.ArgumentParser) -> Run:
    """List the trained models of the package, or train one of them again."""
    add = parser.add_argument
    add("--train", metavar="NAME", help="follow the recipe of a model again: minutes")
    add("--out", type=Path, metavar="FILE", help="where the weights go (default NAME.safetensors)")
    return run_zoo


def run_zoo(args: argparse.Namespace) -> int:
    """List models, or train one and write its weights."""
    from llmlite import zoo as models  # torch takes a while to load: only who needs it waits
    from llmlite.model.count import n_parameters

    if args.train is None:
        if args.out is not None:
            raise UsageError(
                "--out FILE says where --train NAME writes: without it there is nothing to write"
            )
        for name, shipped in models.MODELS.items():
            low, high = (round(100 * bound) for bound in shipped.excess)
            size = sum(n_parameters(shipped.recipe.config).values())
            print(f"{name}: {size:,} parameters, {low} to {high}% above the floor")
        return 0
    try:
        recipe = models.recipe_of(args.train)
    except models.ZooError as error:
        raise UsageError(f"--train: {error}") from error
    model, _ = models.train(recipe, progress)
    try:
        path = models.write(args.out or Path(f"{args.train}.safetensors"), recipe, model)
    except OSError as error:
        raise UsageError(f"--out {args.out}: {error.strerror}") from error
    print(f"The weights are in {path}")
    return 0


def progress(step: int, steps: int, loss: float) -> None:
    """Rewrite a line of the terminal with the loss; elsewhere, print nothing."""
    if sys.stderr.isatty() and (step % 20 == 0 or step == steps - 1):
        end = "\n" if step == steps - 1 else ""
        print(f"\rstep {step + 1} of {steps}: {loss:.3f} nats a token ", end=end, file=sys.stderr, flush=True)


def positive(text: str) -> int:
    """Return a whole number above zero."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above zero")
    return int(text)


def names(text: str) -> list[str]:
    """Return the names of a list with commas."""
    return [name.strip() for name in text.split(",")]


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return the exit code: 2, with one line on standard error, for what cannot be done."""
    parser = Parser(prog="python -m llmlite", description="The book's language models, without a notebook.")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for configure in VERBS:
        says = (configure.__doc__ or "").split("\n")[0]
        name = configure.__name__.replace("_", "-")
        sub = verbs.add_parser(name, help=says, description=says)
        sub.set_defaults(run=configure(sub))
    try:
        args = parser.parse_args(arguments)
        code = int(args.run(args))
        sys.stdout.flush()
        return code
    except UsageError as error:
        print(f"llmlite: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has left, as `head` does: so do we
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    sys.exit(main())
