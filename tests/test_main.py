"""`python -m llmlite`: its verbs, and one clear line where something cannot be done."""

import io
import os
import signal
import subprocess
import sys
import time

import pytest

from llmlite import __main__ as program
from llmlite.world import Town

MODULE = [sys.executable, "-m", "llmlite"]


@pytest.fixture
def run(capsys):
    """Return a function that runs a command line: (exit code, standard output, standard error)."""

    def call(*arguments):
        code = program.main([str(each) for each in arguments])
        return code, *capsys.readouterr()

    return call


def test_it_tells_stories(run):
    assert run("world", "--stories", 3) == (0, "\n".join(Town().stories(3)) + "\n", "")
    assert run("world") == run("world", "--stories", "3", "--seed", "0", "--town-seed", "0")
    assert run("world", "--stories", 2, "--seed", -7)[1].splitlines() == Town().stories(2, seed=-7)
    assert run("world", "--stories", 1, "--town-seed", 9)[1].splitlines() == Town(9).stories(1)
    cast = run("world", "--stories", 4, "--cast", "Ada, Bo,Mary Ann")[1].splitlines()
    assert cast == Town(cast=["Ada", "Bo", "Mary Ann"]).stories(4)


def test_it_judges_a_file(run, tmp_path):
    good, bad = Town().stories(2)
    path = tmp_path / "stories.txt"
    path.write_bytes(f"\ufeff{good}\r\n\r\n{bad.replace(' ', ' x', 1)}\n".encode())
    code, out, err = run("world", "--judge", path)
    first, second = out.splitlines()
    assert (code, err, first) == (1, "", "line 1: right")
    assert second.startswith("line 3: ungrammatical: ") and "possible: " in second
    path.write_text(good, encoding="utf-8")
    assert run("world", "--judge", path) == (0, "line 1: right\n", "")


def test_it_judges_standard_input(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Town().stories(1)[0].encode() + b"\n")))
    assert run("world", "--judge", "-") == (0, "line 1: right\n", "")


def test_it_names_the_next_word(run):
    assert run("world", "--next", "Once there") == (0, "1.0000  was\n", "")
    assert "(end of the story)" in run("world", "--next", Town().stories(1)[0])[1]
    code, out, _ = run("world", "--next", "")
    lines = out.splitlines()
    assert code == 0 and len(lines) == program.MOST + 1 and lines[0] == "0.3000  In"
    assert "other words" in lines[-1]
    assert sum(float(line.split()[0]) for line in lines) == pytest.approx(1, abs=2e-3)


def test_it_writes_the_map_whole(run, tmp_path):
    path = tmp_path / "new" / "town.svg"
    code, out, _ = run("world", "--map", path, "--cast", "Ada,Bo,Cy")
    assert (code, str(path) in out, path.read_text(encoding="utf-8")) == (
        0,
        True,
        Town(cast=["Ada", "Bo", "Cy"]).map(),
    )
    assert [each.name for each in path.parent.iterdir()] == ["town.svg"], "no part of a file stays behind"


def test_it_does_several_things_in_turn(run, tmp_path):
    _, out, _ = run("world", "--map", tmp_path / "x.svg", "--next", "Once", "--stories", 1)
    assert [line[:3] for line in out.splitlines()] == [Town().stories(1)[0][:3], "1.0", "The"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "VERB"),
        (["dance"], "'dance'"),
        (["world", "--stories", "0"], "'0' is no whole number above zero"),
        (["world", "--stories", "-2"], "'-2' is no whole number above zero"),
        (["world", "--stories", "many"], "'many' is no whole number above zero"),
        (["world", "--seed", "x"], "--seed: invalid int value: 'x'"),
        (["world", "--town-seed", "1.5"], "--town-seed: invalid int value: '1.5'"),
        (["world", "--color", "red"], "--color"),
        (["world", "--cast", "Ada,Bo"], "2 people are too few"),
        (["world", "--cast", "Ada,,Bo,Cy"], "needs a name"),
        (["world", "--cast", "ada,Bo,Cy"], "'ada'"),
        (["world", "--cast", "Ada,Ada,Bo"], "'Ada' stands twice"),
        (["world", "--judge", "no such file"], "--judge no such file: No such file"),
        (["world", "--judge", "."], "--judge .: "),
        (["world", "--next", "Once there were"], "stands 'were'; possible: 'was'"),
        (["world", "--map", "."], "--map .: "),
        (["world", "--map", f"{os.devnull}/x.svg"], "--map "),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(run, arguments, says):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert says in err and err.startswith("llmlite: ") and err.count("\n") == 1


def test_bytes_that_are_no_text_are_named(run, tmp_path):
    (tmp_path / "bad").write_bytes(b"Mina \xff")
    code, _, err = run("world", "--judge", tmp_path / "bad")
    assert code == 2 and "not UTF-8 text at byte 5" in err


@pytest.mark.parametrize("arguments", [["--help"], ["world", "--help"]])
def test_help_leaves_with_success(run, arguments, capsys):
    with pytest.raises(SystemExit) as leaving:
        run(*arguments)
    out = capsys.readouterr().out
    assert leaving.value.code == 0 and ("--judge" in out or "Tell Tinytown's stories" in out)


def test_another_verb_adds_itself(run, monkeypatch):
    monkeypatch.setattr(program, "VERBS", [*program.VERBS])

    @program.verb
    def say_hello(parser):
        """Greet."""
        parser.add_argument("name")
        return lambda args: print("Hello", args.name) or 5

    assert run("say-hello", "Gerald") == (5, "Hello Gerald\n", "")
    assert run("world", "--next", "Once there")[0] == 0


def test_a_bug_is_not_hidden(run, monkeypatch):
    monkeypatch.setattr(Town, "stories", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run("world")


def test_a_reader_of_the_output_may_leave():
    writer = subprocess.Popen(
        [*MODULE, "world", "--stories", "20000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    writer.stdout.readline()
    writer.stdout.close()
    err = writer.stderr.read()
    writer.stderr.close()
    assert (writer.wait(timeout=60), err) == (141, b"")


@pytest.mark.skipif(os.name == "nt", reason="signals to a process are POSIX")
def test_an_interrupt_leaves_without_a_traceback():
    reader = subprocess.Popen(
        [*MODULE, "world", "--stories", "1", "--judge", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert reader.stdout.readline(), "it waits for standard input now"
    time.sleep(0.2)
    reader.send_signal(signal.SIGINT)
    out, err = reader.communicate(timeout=60)
    assert (reader.returncode, out, err) == (130, b"", b"")


def test_it_starts_without_the_heavy_libraries():
    script = "import sys, llmlite.__main__; print(*{'torch', 'numpy', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
