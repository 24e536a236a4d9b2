"""The command line of every phase: an error of the user is one line and status 2; one that nobody foresaw names its
place, and shows its traceback where that is asked for."""

import argparse
import subprocess
import sys

import pyarrow
import pytest
from safetensors import SafetensorError

from specialize.core import cli
from specialize.core.errors import CheckpointError, ParamsError, RecipeError, RecordError, SpecializeError
from specialize.core.log import get_logger


def run(raised: BaseException | None) -> int:
    def command(_: argparse.Namespace) -> None:
        if raised:
            raise raised

    parser = cli.parser_for("phase", "What it does.")
    parser.set_defaults(command=command)
    return cli.run(parser, [])


def test_a_command_that_ends_well_is_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(None) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "error",
    [
        SpecializeError("what to do"),
        ParamsError("what to do"),
        RecordError("a.jsonl:2", "sample", "a number", "x", "what to do"),
        RecipeError("what to do"),
        CheckpointError("what to do"),
        FileNotFoundError("what to do"),
        PermissionError("what to do"),
        IsADirectoryError("what to do"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_mistake_of_the_user_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str], error: Exception) -> None:
    assert run(error) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and err.endswith("what to do\n") and err.count("\n") == 1


def test_for_debugging_the_traceback_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECIALIZE_DEBUG", "1")
    with pytest.raises(ParamsError):
        run(ParamsError("what to do"))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "disk is full"),
        (SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"), "disk is full"),
        (RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0"), "disk is full"),
        (pyarrow.lib.ArrowMemoryError("malloc of size 64 failed"), "memory ran out"),
        (MemoryError(), "memory ran out"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes.\nmore"), "memory"),
        (OSError(24, "Too many open files"), "too many files are open"),
        (RuntimeError("can't start new thread"), "thread"),
    ],
)
def test_what_the_machine_lacks_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], error: Exception, words: str
) -> None:
    assert run(error) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and words in err and "same command again" in err and err.count("\n") == 1


def test_control_characters_of_others_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def command(_: argparse.Namespace) -> None:
        print("a\x1b]0;title\x07\tb\nc\u202e")
        get_logger("phase").info("id \x9b31m")
        raise SpecializeError("server said \x1b[2J")

    parser = cli.parser_for("phase", "What it does.")
    parser.set_defaults(command=command)
    assert cli.run(parser, []) == 2
    out, err = capsys.readouterr()
    assert out == "a\\x1b]0;title\\x07\tb\nc\\u202e\n"
    assert "id \\x9b31m" in err and "\\x1b[2J" in err and "\x1b" not in err


@pytest.mark.parametrize("error", [KeyError("ours"), RuntimeError("ours"), ZeroDivisionError("ours\nmore")])
def test_what_nobody_foresaw_names_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    assert run(error) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"error: unexpected {type(error).__name__} in cli.py:") and err.count("\n") == 2
    assert "ours" in err and "more" not in err and "SPECIALIZE_DEBUG=1" in err and "Traceback" not in err
    monkeypatch.setenv("SPECIALIZE_DEBUG", "1")
    with pytest.raises(type(error)):
        run(error)


def test_an_interrupt_is_no_error() -> None:
    with pytest.raises(KeyboardInterrupt):
        run(KeyboardInterrupt())


def test_wrong_arguments_are_status_2() -> None:
    with pytest.raises(SystemExit) as error:
        cli.run(cli.parser_for("phase", "What it does."), ["--unknown"])
    assert error.value.code == 2


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = (
        "import sys\nfrom specialize.core import cli\n"
        "def command(_):\n    while True: print('line' * 1000)\n"
        "parser = cli.parser_for('phase', 'x')\nparser.set_defaults(command=command)\nsys.exit(cli.run(parser, []))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        assert (process.wait(timeout=30), errors) == (0, b"")
