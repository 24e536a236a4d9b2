"""Settings that reach a command outside its recipe: the limits, and for an estimate the whole section."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML, YAMLError

from specialize.core.errors import ParamsError
from specialize.core.params.teacher import LimitsParams, TeacherParams

Model = TypeVar("Model", bound=BaseModel)


def read_limits(text: str) -> LimitsParams:
    """Read `teacher.limits` as JSON. Raises ParamsError."""
    try:
        return LimitsParams.model_validate_json(text)
    except ValidationError as error:
        raise _mistake("--limits", error) from None


def read_settings(path: Path) -> TeacherParams:
    """Read the section `teacher` of a params file. Raises ParamsError.

    The section alone: did this phase know the whole tree, its recipe would change with every phase's params.
    """
    try:
        tree: Any = YAML(typ="safe", pure=True).load(path)
        return TeacherParams.model_validate(tree["teacher"])
    except ValidationError as error:
        raise _mistake(f"{path}: teacher", error) from None
    except (YAMLError, TypeError, KeyError):
        raise ParamsError(f"{path}: expected YAML with a section 'teacher', got something else") from None


def _mistake(where: str, error: ValidationError) -> ParamsError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    return ParamsError(f"{where}{'.' + key if key else ''}: {first['msg']}")
