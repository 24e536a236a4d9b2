"""Settings that reach a command outside its recipe: the limits, and for an estimate the whole section."""

from pathlib import Path

from pydantic import ValidationError

from specialize.core.errors import ParamsError
from specialize.core.params.mistakes import WHOLE, mistake_lines
from specialize.core.params.read_yaml import read_yaml
from specialize.core.params.teacher import LimitsParams, TeacherParams


def read_limits(text: str) -> LimitsParams:
    """Read `teacher.limits` as JSON. Raises ParamsError."""
    try:
        return LimitsParams.model_validate_json(text)
    except ValidationError as error:
        raise _mistakes("--limits", error, LimitsParams) from None


def read_settings(path: Path) -> TeacherParams:
    """Read the section `teacher` of a params file. Raises ParamsError.

    The section alone: did this phase know the whole tree, its recipe would change with every phase's params.
    """
    tree = read_yaml(path)
    if not isinstance(tree, dict) or "teacher" not in tree:
        raise ParamsError(f"{path}: expected YAML with a section 'teacher', got something else")
    try:
        return TeacherParams.model_validate(tree["teacher"])
    except ValidationError as error:
        raise _mistakes(f"{path}: teacher", error, TeacherParams) from None


def _mistakes(where: str, error: ValidationError, model: type[LimitsParams | TeacherParams]) -> ParamsError:
    lines = [line.removeprefix(f"{WHOLE}: ") for line in mistake_lines(error, model)[1]]
    return ParamsError("\n".join(f"{where}: {line}" for line in lines))
