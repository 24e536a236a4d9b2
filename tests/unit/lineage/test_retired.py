"""Results of students and tokenizers that params.yaml no longer names."""

from pathlib import Path

from specialize.core.params.load import load_params
from specialize.lineage import hooks
from specialize.lineage.retired import bring_back, put_back, set_aside

FOLDERS = ("checkpoints", "predictions", "scores", "traces/aligned", "traces/tokenizers")
B = [f"{folder}/b" for folder in FOLDERS]


def known(*names: str) -> dict[str, list[str]]:
    return {folder: list(names) for folder in FOLDERS}


def make(project: Path, name: str, text: str = "x") -> None:
    for folder in FOLDERS:
        path = project / "results" / folder / name / "file"
        path.parent.mkdir(parents=True)
        path.write_text(text)


def names(project: Path, folder: str) -> set[str]:
    return {path.name for path in (project / "results" / folder).glob("*")}


def test_others_go_and_come_back(tmp_path: Path) -> None:
    make(tmp_path, "a")
    make(tmp_path, "b", "trained for days")
    assert set_aside(tmp_path, known("a")) == B
    assert set_aside(tmp_path, known("a")) == []
    for folder in FOLDERS:
        assert names(tmp_path, folder) == {"a"}
    assert bring_back(tmp_path, known("a")) == []
    assert bring_back(tmp_path, known("a", "b")) == B
    assert (tmp_path / "results" / "checkpoints" / "b" / "file").read_text() == "trained for days"
    put_back(tmp_path, B)
    assert names(tmp_path, "traces/aligned") == {"a"} and names(tmp_path, "retired/traces/aligned") == {"b"}


def test_what_stands_in_its_place_is_not_replaced(tmp_path: Path) -> None:
    make(tmp_path, "b", "old")
    set_aside(tmp_path, known("a"))
    make(tmp_path, "b", "new")
    assert bring_back(tmp_path, known("b")) == []
    assert (tmp_path / "results" / "scores" / "b" / "file").read_text() == "new"


def test_nothing_built_nothing_moved(tmp_path: Path) -> None:
    assert set_aside(tmp_path, known("a")) == bring_back(tmp_path, known("a")) == []


def test_every_folder_that_the_report_hangs_on_as_a_whole() -> None:
    params = load_params(Path(__file__).parents[3] / "params.yaml")
    students, tokenizers = list(params.train.students), list(params.traces.tokenizers)
    assert hooks.folders_of(params) == dict(zip(FOLDERS, [students] * 3 + [tokenizers] * 2, strict=True))
