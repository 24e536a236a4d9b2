"""What made a job's outputs: a `provenance.json` beside them, written last; `part-00000.provenance.json` where several
jobs write into one folder.

It names the recipe and the inputs by content, and the outputs likewise. So whether a job's outputs are what a build
from scratch would make can be told from files alone, in any clone, by any tool, without trusting a time stamp
(`lineage.staleness`). It travels with the outputs through DVC.
"""

from collections.abc import Iterable
from pathlib import Path

from specialize.core.errors import RecipeError, SpecializeError, UpToDate
from specialize.core.files import parse_record, read_json, write_json
from specialize.lineage.code_digest import code_digest
from specialize.lineage.file_hashes import file_state
from specialize.lineage.kept_outputs import take_back
from specialize.lineage.libraries import check_installed
from specialize.lineage.recipe import recipe_digest
from specialize.lineage.retired import RETIRED
from specialize.records.provenance import FileState, Provenance
from specialize.records.recipes import Recipe


class ProvenanceWriter:
    """Notes what a job starts from and, when it ends, writes what it made; refuses where something changed meanwhile.

    Parameters, code and inputs may be edited while a job runs: its outputs must not be filed as made of the new ones.
    """

    def __init__(self, path: Path | None, recipe: Recipe, recipe_file: Path, inputs: Iterable[Path]) -> None:
        """`path`: where to write the provenance; None: nowhere, and nothing is checked.

        Raises UpToDate where the outputs of the same recipe and inputs were kept, and are back in their place.
        """
        self.path, self.recipe, self.recipe_file = path, recipe, recipe_file
        self.inputs = {} if path is None else _states(inputs)
        self._check_code()
        if path is not None:
            check_installed(recipe)
        if path is not None and take_back(path, recipe_digest(recipe), self.inputs):
            raise UpToDate(f"{path.parent}: recipe and inputs are unchanged, so the outputs made before are kept")

    def write(self, outputs: Iterable[Path]) -> None:
        """Write the provenance of the finished job. Folders among `outputs` stand for every file below them.

        Raises RecipeError where code or inputs are no longer those that the job started from.
        """
        if self.path is None:
            return
        self._check_code()
        moved = [
            name for name, state in _states(Path(name) for name in self.inputs).items() if state != self.inputs[name]
        ]
        if moved:
            raise RecipeError(f"{moved[0]}: changed while it was being read; run the same command again")
        made = [file for output in outputs for file in _files(output) if file != self.path]
        provenance = Provenance(
            phase=self.recipe.phase,
            recipe=f"results/recipes/{self.recipe.name}.json",
            recipe_sha256=recipe_digest(self.recipe),
            inputs=self.inputs,
            outputs=_states(made),
        )
        write_json(self.path, provenance.model_dump())

    def _check_code(self) -> None:
        if self.path is not None and code_digest(self.recipe.name) != self.recipe.code:
            raise RecipeError(
                f"{self.recipe_file}: the code of phase '{self.recipe.phase}' is not the one that this recipe names: "
                "it was edited since; run the same command again"
            )


def read_provenance(path: Path) -> Provenance:
    """Read a provenance file. Raises RecordError where it is damaged."""
    return parse_record(str(path), read_json(path), Provenance)


def all_provenance(results: Path) -> tuple[dict[Path, Provenance], list[Path]]:
    """Return every provenance below a results folder, and the files that cannot be read: they prove nothing.

    Not those in results/retired/: the names of their files stand elsewhere now, perhaps with other contents.
    """
    found, damaged = {}, []
    for path in sorted(results.rglob("*provenance.json")):
        if path.is_relative_to(results / RETIRED):
            continue
        try:
            provenance = read_provenance(path)
            if any(Path(name).is_absolute() or ".." in Path(name).parts for name in provenance.outputs):
                raise RecipeError(f"{path}: names a file outside the project as its output")
            found[path] = provenance
        except (SpecializeError, OSError):
            damaged.append(path)
    return found, damaged


def _states(files: Iterable[Path]) -> dict[str, FileState]:
    return {file.as_posix(): file_state(file) for file in sorted(set(files))}


def _files(output: Path) -> list[Path]:
    return [path for path in output.rglob("*") if path.is_file()] if output.is_dir() else [output]
