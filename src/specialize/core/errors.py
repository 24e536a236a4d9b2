"""Errors that a user can fix. The command line prints the message and exits with status 2, without a traceback.

SpecializeError
├── ParamsError      params.yaml or a preset does not say what it should
├── RecordError      a row of a data file is malformed
├── RecipeError      a recipe is missing, damaged or of another phase
├── CheckpointError  a model folder cannot be used
├── TrainingError    training diverged
└── StoppedError     a scheduler asked the job to end; the command line exits with status 75 (EX_TEMPFAIL)
"""


class SpecializeError(Exception):
    """A mistake of the user or of their data: the message says where, what, expected, got and what to do."""

    exit_status = 2
    """What a command exits with."""


class ParamsError(SpecializeError):
    """The parameters are wrong; the message lists every mistake at once."""


class RecordError(SpecializeError):
    """A row of a data file is malformed."""

    def __init__(self, where: str, field: str, expected: str, got: object, hint: str = "") -> None:
        shown = repr(got)
        shown = shown if len(shown) <= 120 else shown[:117] + "..."
        message = f"{where}: field '{field}': expected {expected}, got {shown}"
        super().__init__(message + (f". {hint}" if hint else ""))


class RecipeError(SpecializeError):
    """A recipe cannot be read, or belongs to another phase."""


class UpToDate(Exception):  # noqa: N818 (no error)
    """A command has nothing to do: its outputs are what it would make. It ends with status 0."""


class CheckpointError(SpecializeError):
    """A model folder is missing, incomplete or damaged."""


class TrainingError(SpecializeError):
    """Training came to numbers that are not finite."""


class StoppedError(SpecializeError):
    """The job was asked to end before its work was done; what was done is kept, and the same command goes on."""

    exit_status = 75
