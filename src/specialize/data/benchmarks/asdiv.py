"""ASDiv (Miao, Liang and Su 2020): primary-school word problems in one XML file.

A row of this form:

    <Problem ID="nluds-0001" Grade="1" Source="http://…">
        <Body>Al has 4 plums and gets 5 more.</Body>
        <Question>How many plums has he now?</Question>
        <Solution-Type>Addition</Solution-Type>
        <Answer>9 (plums)</Answer>
        <Formula>4+5=9</Formula>
    </Problem>

All 2,305 rows are kept, whatever their answer's form; PAL's often-quoted reduction keeps 2,096.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from specialize.core.errors import RecordError
from specialize.core.numbers import format_number, parse_number
from specialize.core.params.datasets import HubParams
from specialize.data import fields
from specialize.data.benchmarks.benchmark import Benchmark
from specialize.data.fields import Row, joined
from specialize.records.problems import AnswerKind, Problem

_WITH_UNIT = re.compile(r"(.+?)\s*\([^()]*\)")


def read(path: Path) -> list[Row]:
    """Return (`file[ID]`, {ID, Grade, …, Body, Question, Solution-Type, Answer, Formula}) per `<Problem>`.

    Raises RecordError where the file is no XML, or where a field holds an element or stands twice.
    """
    try:
        tree = ElementTree.fromstring(path.read_bytes())
    except ElementTree.ParseError as error:
        raise RecordError(f"{path}:{error.position[0]}", "(whole file)", "well-formed XML", str(error)) from None
    except (LookupError, ValueError) as error:  # an encoding that the parser does not know
        raise RecordError(f"{path}:1", "(whole file)", "XML in UTF-8", str(error)) from None
    rows = []
    for index, problem in enumerate(tree.iter("Problem")):
        where, row = f"{path}[{problem.get('ID', index)}]", dict(problem.attrib)
        for child in problem:
            if len(child) or child.tag in row:
                raise RecordError(where, child.tag, "plain text, once in a problem", ElementTree.tostring(child))
            row[child.tag] = child.text or ""
        rows.append((where, row))
    return rows


def problems(rows: Iterable[Row], part: str) -> list[Problem]:
    """Return the problems in order, ids `asdiv/nluds-0001`, …"""
    return [_problem(row, index) for index, row in enumerate(rows)]


def gold(answer: str) -> tuple[str, AnswerKind]:
    """Return (canonical answer, kind) of ASDiv's own spelling.

    `9 (apples)` → (`9`, number); `-(1/3)` → (`-1/3`, number); `8 (ft); 12 (ft)` → (`8; 12`, numbers). A ratio `5:6`, a
    clock time, Yes or No, an ordinal, a name are texts, as written.
    """
    numbers = [_number(part.strip()) for part in answer.split(";")]
    found = [number for number in numbers if number is not None]
    if len(found) < len(numbers):
        return answer, "text"
    return "; ".join(found), "number" if len(found) == 1 else "numbers"


def _number(part: str) -> str | None:
    value = parse_number(part)  # first without a look at units: `-(1/3)` has none
    if value is None and (with_unit := _WITH_UNIT.fullmatch(part)):
        value = parse_number(with_unit[1])
    return None if value is None else format_number(value)


def _problem(row: Row, index: int) -> Problem:
    # Copies of the dataset hold plain numbers as JSON numbers.
    raw = fields.value(row, "Answer")
    written = fields.text(row, "Answer") if isinstance(raw, str) else fields.number(row, "Answer")
    answer, kind = gold(written)
    return Problem(
        id=f"asdiv/{fields.identifier(row, 'ID', index)}",
        dataset="asdiv",
        question=joined(fields.optional_text(row, "Body"), fields.text(row, "Question")),
        answer=answer,
        kind=kind,
    )


BENCHMARK = Benchmark(
    files={"test": "ASDiv.xml"},
    hub=HubParams(
        id="EleutherAI/asdiv",
        test="validation",
        columns={"Body": "body", "Question": "question", "Answer": "answer"},
    ),
    read=read,
    problems=problems,
    licence="CC BY-NC 4.0",
    upstream="https://github.com/chaochun/nlu-asdiv-dataset/tree/883f90a9a65bf00304ba8f37423910fe743abc47/dataset",
)
