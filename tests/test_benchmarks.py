"""The benchmarks measure what they say, and the book's page shows what they measured."""

import importlib
import json
import re
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from statistics import median
from types import ModuleType, SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from llmlite.world import Town

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "book" / "_ext")]

import _measuring  # noqa: E402  (found through the line above)
import benchmark_tables  # noqa: E402

PAGE = (ROOT / "book" / "benchmarks.md").read_text(encoding="utf-8")
SCRIPTS = sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))
SHOWN = re.findall(r"```\{benchmark-table\} (\w+) ?(\w*)\n", PAGE)


def stored(name: str) -> dict[str, Any]:
    """Return the stored figures of a benchmark."""
    return dict(json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8")))


def script(name: str) -> ModuleType:
    """Return a benchmark as a module."""
    return importlib.import_module(name)


class Clock:
    """A clock that goes only while something works."""

    now = 100.0

    def work(self, *times: float) -> Callable[[], None]:
        """Return an action that takes each of some times in turn."""
        took = iter(times)

        def action() -> None:
            self.now += next(took)

        return action


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock that the benchmarks look at."""
    clock = Clock()
    clocks = {"perf_counter": lambda: clock.now, "process_time": lambda: clock.now**2}
    monkeypatch.setattr(_measuring, "time", SimpleNamespace(**clocks))
    return clock


class TestMeasuring:
    def test_both_sides_in_turn(self, clock: Clock) -> None:
        calls: list[str] = []
        pairs = _measuring.paired(3, lambda: calls.append("ours"), lambda: calls.append("theirs"))
        assert calls == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
        assert len(pairs) == 3

    def test_each_time_is_that_of_its_side(self, clock: Clock) -> None:
        pairs = _measuring.paired(3, clock.work(1, 2, 3), clock.work(10, 20, 30))
        assert [(ours.wall, theirs.wall) for ours, theirs in pairs] == [(1, 10), (2, 20), (3, 30)]

    def test_a_row(self, clock: Clock) -> None:
        # The first time of each is not counted. The ratios are 4 / 2, 9 / 3, 1 / 4: not those of the medians.
        ours, theirs = clock.work(50, 4, 9, 1), clock.work(70, 2, 3, 4)
        case = _measuring.Case("count", "other", lambda: (ours, theirs), ("tests/test_a.py::test_b",), 3.0)
        row = _measuring.measured(case, 3)
        squares = iter([(220, 224), (224, 226), (226, 229), (229, 238), (238, 239), (239, 243)])
        took = [end**2 - start**2 for start, end in squares]  # ours, theirs, theirs, ours, ours, theirs
        assert row.pop("processor_ratio") == median([took[0] / took[1], took[3] / took[2], took[4] / took[5]])
        assert row == {
            "what": "count",
            "ours": 4,
            "library": "other",
            "theirs": 3,
            "ratio": {"median": 2.0, "low": 0.25, "high": 3.0},
            "target": 3.0,
            "tests": ["tests/test_a.py::test_b"],
        }

    def test_the_command_leaves_the_file_out(self) -> None:
        args = Namespace(repeats=9, json="x.json", stories=20)
        command = _measuring.command("/somewhere/benchmarks/ngrams.py", args)
        assert command == "python benchmarks/ngrams.py --repeats 9 --stories 20"

    def test_how_it_was_made(self) -> None:
        made = _measuring.origin("python x.py", ["nltk"])
        assert made["command"] == "python x.py" and made["hardware"]["cores"] >= 1
        assert made["hardware"]["cpu"] and made["versions"].keys() == {"Python", "llmlite", "nltk"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", made["date"])


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let stories of the town stand for Tiny Shakespeare."""
    tokenization = script("tokenization")
    path = tmp_path / "stories.txt"
    path.write_text("\n".join(Town().stories(30, seed=1)), encoding="utf-8")
    monkeypatch.setattr(tokenization, "corpus", lambda: path)
    tokenization.coders.cache_clear()
    yield
    tokenization.coders.cache_clear()


@pytest.mark.parametrize(("name", "options"), [("ngrams", ["--stories", "20"]), ("tokenization", [])])
def test_a_small_run_gives_a_file_like_the_stored_one(
    name: str, options: list[str], small: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.json"
    script(name).main([*options, "--repeats", "2", "--json", str(file)])
    new, old = json.loads(file.read_text(encoding="utf-8")), stored(name)
    assert new.keys() == old.keys() and new["repeats"] == 2
    assert [row.keys() for row in new["rows"]] == [row.keys() for row in old["rows"]]
    for lists in ("parts", "rates"):
        listed = [[(each.get("of"), each["what"]) for each in run.get(lists, [])] for run in (new, old)]
        assert listed[0] == listed[1]
    for of in {part["of"] for part in new.get("parts", [])}:
        assert sum(part["share"] for part in new["parts"] if part["of"] == of) == pytest.approx(1)
    shown = capsys.readouterr().out
    assert all(row["what"] in shown and f"{row['ratio']['median']:.2f} (" in shown for row in new["rows"])


def test_every_script_has_a_file_and_every_file_a_script() -> None:
    assert sorted(path.stem for path in (ROOT / "benchmarks" / "results").iterdir()) == SCRIPTS
    assert {name for name, _ in SHOWN} == set(SCRIPTS), "the page shows all of them"


@pytest.mark.parametrize("name", SCRIPTS)
class TestStored:
    def test_the_script_still_measures_these_rows(self, name: str) -> None:
        result = stored(name)
        python, path, *options = result["command"].split()
        assert (python, path) == ("python", f"benchmarks/{name}.py")
        args = script(name).options().parse_args(options)
        assert _measuring.command(path, args) == result["command"] and args.repeats == result["repeats"] >= 7
        kept = [(row["what"], row["library"], row["target"], tuple(row["tests"])) for row in result["rows"]]
        cases = script(name).cases(args)
        usual = script(name).cases(script(name).options().parse_args([]))
        assert [case.what for case in cases] == [case.what for case in usual]
        assert kept == [(case.what, case.library, case.target, case.tests) for case in cases]
        assert result["versions"].keys() == {"Python", "llmlite", *(case.library for case in cases)}

    def test_figures_agree(self, name: str) -> None:
        for row in stored(name)["rows"]:
            ratio = row["ratio"]
            assert 0 < ratio["low"] <= ratio["median"] <= ratio["high"] < 2 * ratio["low"], "a quiet machine"
            assert ratio["low"] <= row["ours"] / row["theirs"] <= ratio["high"]

    def test_targets_are_met(self, name: str) -> None:
        aimed = [row for row in stored(name)["rows"] if row["target"] is not None]
        assert [row["what"] for row in aimed if row["ratio"]["median"] > row["target"]] == []

    def test_the_tests_behind_the_rows_exist(self, name: str) -> None:
        named = set(chain.from_iterable(row["tests"] for row in stored(name)["rows"]))
        assert named and all(row["tests"] for row in stored(name)["rows"])
        for path, test in (each.split("::") for each in named):
            assert f"\ndef {test}(" in (ROOT / path).read_text(encoding="utf-8")


def test_parts_are_the_whole() -> None:
    result = stored("tokenization")
    whole = {row["what"]: row["ours"] for row in result["rows"]}
    for of in {part["of"] for part in result["parts"]}:
        parts = [part for part in result["parts"] if part["of"] == of]
        took = sum(part["ours"] for part in parts)
        assert took == pytest.approx(whole[f"train {of}"], rel=0.15)
        assert [part["share"] for part in parts] == pytest.approx([part["ours"] / took for part in parts])


def test_what_the_page_says_holds_for_the_stored_figures() -> None:
    result = stored("tokenization")
    rows = {(row["what"], row["library"]): row for row in result["rows"]}
    ours, theirs = ({key: row[side] for key, row in rows.items()} for side in ("ours", "theirs"))
    ratio = {key: row["ratio"]["median"] for key, row in rows.items()}
    least, small, large = ((f"train {n} entries", "tokenizers") for n in ("256", "1,024", "8,192"))
    share = {(part["of"], part["what"]): part["share"] for part in result["parts"]}
    for of in ("1,024 entries", "8,192 entries"):
        largest = max((value, what) for (whole, what), value in share.items() if whole == of)
        assert largest[1] == "merge, again and again", "merging takes the largest part of our time"
    assert ours[large] < 2 * ours[small], "the larger vocabulary costs less than twice"
    assert 0.4 < theirs[least] / theirs[large] < 0.65, "about half of their time has passed"
    assert 0.8 < ratio[least] < 1.25, "takes about as long"
    assert theirs[large] - theirs[least] < ours[large] - ours[least], "compiled code wins where it merges"
    assert ratio["decode", "tiktoken"] > 4, "far slower"
    rates = {rate["what"]: rate["per_second"] for rate in stored("ngrams")["rates"]}
    parsed = (rates["log-probabilities of stories"], rates["verdicts on stories"])
    assert rates["stories told"] > 10 * max(parsed), "parsing takes far longer than telling"


def test_no_figure_on_the_page_is_typed() -> None:
    assert re.findall(r"\d+(?:\.\d+)? ?(?:s|ms|seconds|%|percent|times)\b", PAGE) == []
    assert re.findall(r"\d\.\d", PAGE) == []


def build(folder: Path, page: str) -> subprocess.CompletedProcess[str]:
    """Build a page by itself, strictly, to XML."""
    (folder / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\n"
        "extensions = ['myst_parser', 'benchmark_tables']\nmyst_url_schemes = ['repo']\n"
    )
    (folder / "index.md").write_text(page, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-b", "xml", "-W", "-q", str(folder), str(folder / "out")]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def tables(folder: Path) -> list[list[list[str]]]:
    """Return the cells of a built page's tables."""
    tree = ElementTree.parse(folder / "out" / "index.xml")
    return [
        [["".join(entry.itertext()).strip() for entry in row] for row in table.iter("row")]
        for table in tree.iter("table")
    ]


def numbers(cell: str) -> list[float]:
    """Return the numbers in a text."""
    return [float(each.replace(",", "")) for each in re.findall(r"\d[\d,]*(?:\.\d+)?", cell)]


class TestDirective:
    @pytest.mark.parametrize("name", SCRIPTS)
    def test_it_shows_the_numbers_of_the_file(self, name: str, tmp_path: Path) -> None:
        done = build(tmp_path, f"# Page\n\n```{{benchmark-table}} {name}\n```\n")
        assert done.returncode == 0, done.stderr
        (head, *rows), (_, *tests) = tables(tmp_path)
        assert head == ["what", "ours", "library", "ratio (range)", "target"]
        result = stored(name)
        for cells, row in zip(rows, result["rows"], strict=True):
            assert cells[0] == row["what"] and cells[2].split()[0] == row["library"]
            assert numbers(cells[1]) + numbers(cells[2]) == pytest.approx(
                [row["ours"], row["theirs"]], abs=5e-4
            )
            ratio = [row["ratio"][key] for key in ("median", "low", "high")]
            assert numbers(cells[3]) == pytest.approx(ratio, abs=5e-3)
            assert numbers(cells[4]) == ([row["target"]] if row["target"] else [])
        text = " ".join(ElementTree.parse(tmp_path / "out" / "index.xml").getroot().itertext())
        facts = [result["date"], result["hardware"]["cpu"], *result["versions"].values(), result["command"]]
        facts.append(": " + ", ".join(f"{row['processor_ratio']:.2f}" for row in result["rows"]) + ". ")
        assert [fact for fact in facts if fact not in text] == []
        links = (tmp_path / "out" / "index.xml").read_text(encoding="utf-8")
        for each in {test for row in result["rows"] for test in row["tests"]}:
            path, test = each.split("::")
            assert f"repo:blob/HEAD/{path}" in links
            of = [row["what"] for row in result["rows"] if each in row["tests"]]
            said = test.removeprefix("test_").replace("_", " ")
            assert [", ".join(dict.fromkeys(of)), said] in tests

    def test_parts_and_rates(self, tmp_path: Path) -> None:
        page = (
            "# P\n\n```{benchmark-table} tokenization parts\n```\n\n```{benchmark-table} ngrams rates\n```\n"
        )
        assert build(tmp_path, page).returncode == 0
        (head, *parts, sums), (_, *rates) = tables(tmp_path)
        share = {(part["what"], part["of"]): part for part in stored("tokenization")["parts"]}
        assert len(parts) * (len(head) - 1) == len(share) > 0
        for what, *cells in parts:
            for of, cell in zip(head[1:], cells, strict=True):
                assert numbers(cell) == pytest.approx([100 * share[what, of]["share"]], abs=0.5)
        for of, cell in zip(head[1:], sums[1:], strict=True):
            whole = sum(part["ours"] for part in share.values() if part["of"] == of)
            assert numbers(cell) == pytest.approx([whole], abs=5e-4)
        told = {rate["what"]: rate["per_second"] for rate in stored("ngrams")["rates"]}
        assert {what: numbers(cell)[0] for what, cell in rates} == pytest.approx(told, abs=0.5)

    @pytest.mark.parametrize(
        ("argument", "message"),
        [
            ("gone", "'gone' was not measured (stored: ngrams, tokenization): python benchmarks/gone.py"),
            ("../results/ngrams", "'../results/ngrams' was not measured"),
            ("ngrams averages", "'averages' is no table of benchmarks: rows, parts, rates"),
        ],
    )
    def test_what_is_not_there_fails_the_build(self, argument: str, message: str, tmp_path: Path) -> None:
        done = build(tmp_path, f"# Page\n\n```{{benchmark-table}} {argument}\n```\n")
        assert done.returncode != 0 and message in done.stderr.replace("\n", " ")

    def test_a_missed_target_is_said(self) -> None:
        result = stored("tokenization")
        assert "missed" not in "".join(benchmark_tables.comparison(result))
        row = next(row for row in result["rows"] if row["target"])
        row["ratio"]["median"] = row["target"]
        assert "missed" not in "".join(benchmark_tables.comparison(result))
        row["ratio"]["median"] = row["target"] * 1.001
        lines = [line for line in benchmark_tables.comparison(result) if "missed" in line]
        assert len(lines) == 1 and row["what"] in lines[0]
