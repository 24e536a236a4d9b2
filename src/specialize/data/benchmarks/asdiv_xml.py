"""Rows of ASDiv's XML file, each with the line it begins at (ElementTree would not tell it)."""

from pathlib import Path
from xml.parsers import expat

from specialize.core.errors import RecordError
from specialize.data.benchmarks.fields import Row


def read_xml(path: Path) -> list[Row]:
    """Return (`file:line`, {ID, Grade, …, Body, Question, Solution-Type, Answer, Formula}) per `<Problem>`.

    Raises RecordError, with the line, where the file is no XML or holds an element within a field.
    """
    reader = _Reader(path)
    try:
        reader.parser.Parse(path.read_bytes(), True)
    except expat.ExpatError as error:
        expected = "well-formed XML"
        raise RecordError(f"{path}:{error.lineno}", "(whole file)", expected, expat.ErrorString(error.code)) from None
    except (LookupError, ValueError) as error:  # an encoding that expat cannot read
        raise RecordError(f"{path}:1", "(whole file)", "XML in UTF-8", str(error)) from None
    return reader.rows


class _Reader:
    """Collects problems while expat walks the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Row] = []
        self.problem: dict[str, str] | None = None
        self.field: str | None = None
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    @property
    def _where(self) -> str:
        return f"{self.path}:{self.parser.CurrentLineNumber}"

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.problem is None:
            if tag == "Problem":
                self.problem = dict(attributes)
                self.rows.append((self._where, self.problem))
        elif self.field is not None or tag in self.problem:
            raise RecordError(self._where, self.field or tag, "plain text, once in a problem", f"<{tag}>")
        else:
            self.field = tag
            self.problem[tag] = ""

    def _end(self, tag: str) -> None:
        if self.field is not None:
            self.field = None
        elif tag == "Problem":
            self.problem = None

    def _characters(self, text: str) -> None:
        if self.problem is not None and self.field is not None:
            self.problem[self.field] += text
