"""params.yaml as plain values. A file that no person would write is refused before it costs time or memory."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.error import MarkedYAMLError

from specialize.core.errors import ParamsError

LARGEST_FILE = 256_000
"""Bytes. The largest preset has 11,000; the parser reads about 250,000 a second."""
LARGEST_TREE = 500_000
"""Values and characters once every alias is replaced by what it stands for: nine lines can stand for 10⁹ values."""
LONGEST_NUMBER = 1000
"""Bits of a whole number: 300 digits."""
DEEPEST = 20
"""Mappings and lists inside each other; the params have six levels."""


def read_yaml(path: Path) -> Any:
    """Return the decoded file.

    YAML 1.2 by DVC's own parser, in which `3e-05`, as `dvc exp run -S` writes it, is a number.
    Raises ParamsError, in one line, where the file is missing, too large or no YAML.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise ParamsError(f"{path}: expected at most {LARGEST_FILE:,} bytes of params, got {size:,}")
        tree = YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise ParamsError(
            f"{path}: no such file. Run from the project's folder, or: git checkout params.yaml"
        ) from None
    except RecursionError:
        raise ParamsError(f"{path}: expected at most {DEEPEST} levels of nesting, got far more") from None
    except MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise ParamsError(f"{path}{line}: expected YAML, got: {said}") from None
    except YAMLError as error:
        raise ParamsError(f"{path}: expected YAML, got: {' '.join(str(error).split())}") from None
    except ValueError as error:  # numbers of thousands of digits, a 13th month
        raise ParamsError(f"{path}: expected YAML, got a value that cannot be read: {error}") from None
    _check_size(tree, path)
    return tree


def _check_size(tree: Any, path: Path) -> None:
    """Count what the tree holds, each alias as often as it is used."""
    size = 0
    waiting = [(tree, 1)]
    while waiting:
        value, depth = waiting.pop()
        size += 1 + (len(value) if isinstance(value, str | bytes) else 0)
        if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER:
            # Python's own bound is another where a library has lifted it.
            raise ParamsError(f"{path}: expected YAML, got a value that cannot be read: thousands of digits")
        if depth > DEEPEST:
            raise ParamsError(f"{path}: expected at most {DEEPEST} levels of nesting, got more")
        if size > LARGEST_TREE:
            raise ParamsError(f"{path}: expected at most {LARGEST_TREE:,} values, aliases (`*name`) resolved, got more")
        if isinstance(value, dict):
            waiting += [(item, depth + 1) for pair in value.items() for item in pair]
        elif isinstance(value, list | set | tuple):
            waiting += [(item, depth + 1) for item in value]
