"""Arms of the experiment: what each student is, and which students differ only in the seed.

A student's recipe, kept in its manifests, says what it is. Comparisons pair arms that differ in exactly one factor.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from specialize.core.prompt_formats import FORMATS, is_in_context
from specialize.report.load_results import Study

FACTORS = ("size", "start", "loss", "formats", "tokenizer", "settings")
ALIKE = 1.2
"""Parameter counts up to this multiple of the smallest are one size: T5 v1.0 and FlanT5 of one name differ by 11 %."""
_OWN = frozenset(
    {"student", "seed", "start", "revision", "pretrained", "loss", "formats", "tokenizer", "vocabulary", "architecture"}
)
_DETAILS = ("learning_rate", "embedding_learning_rate", "distribution", "matching")
"""Settings that may change along with a factor: rates with size or start, distribution matching with the loss."""
STARTS = {
    "instructions": "instruction-tuned",
    "span_corruption": "raw (span corruption)",
    "scratch": "random weights",
    "unknown": "unknown start",
}


@dataclass(frozen=True)
class Arm:
    """Students that differ only in the seed."""

    name: str
    size: int
    """Smallest parameter count of the size class."""
    parameters: int
    start: str
    """A key of STARTS, or the start's own name where its kind is not known."""
    loss: str
    formats: str
    """`all`, `in_context`, `zero_shot`, or the weights in full."""
    tokenizer: str
    settings: str
    """Everything else of the recipe, as JSON."""
    details: str
    """_DETAILS as JSON: arms that differ in these alone are different arms, but may be paired."""
    students: tuple[tuple[int, str], ...]
    """(seed, student), by seed."""

    @property
    def seeds(self) -> list[int]:
        """Seeds of its replicates."""
        return [seed for seed, _ in self.students]

    @property
    def names(self) -> list[str]:
        """Its students, by seed."""
        return [student for _, student in self.students]

    def replicates(self) -> list["Arm"]:
        """Return an arm for each of its students, by seed, with the student's name."""
        return [replace(self, name=student, students=((seed, student),)) for seed, student in self.students]


def arms_of(study: Study, objectives: Mapping[str, str]) -> list[Arm]:
    """Return the arms by size, then by name. objectives: start → how it was pretrained."""
    sizes = _size_classes(study.parameters.values())
    found: dict[Arm, list[tuple[int, str]]] = defaultdict(list)
    for student in study.students:
        arm, seed = _arm_of(study, student, sizes, objectives)
        if seed in (known for known, _ in found[arm]):
            # The same recipe and seed twice are not replicates.
            arm = replace(arm, settings=f"{arm.settings} {student}")
        found[arm].append((seed, student))
    arms = [replace(arm, students=tuple(sorted(students))) for arm, students in found.items() if students]
    return _named(sorted(arms, key=lambda arm: (arm.parameters, arm.names[0])))


def ladders_of(arms: Sequence[Arm]) -> list[list[Arm]]:
    """Return arms that differ in size alone, one for each size, by size; the ladder of the paper's main table
    first: most sizes, then from an instruction-tuned start, in all formats, with most students."""
    groups: dict[tuple[str, ...], dict[int, Arm]] = defaultdict(dict)
    for arm in arms:
        key = tuple(str(getattr(arm, factor)) for factor in FACTORS if factor != "size")
        groups[key].setdefault(arm.size, arm)
    ladders = [[group[size] for size in sorted(group)] for group in groups.values()]

    def rank(ladder: list[Arm]) -> tuple[Any, ...]:
        arm = ladder[0]
        students = sum(len(each.students) for each in ladder)
        return (-len(ladder), arm.start != "instructions", arm.formats != "all", -students, arm.name)

    return sorted(ladders, key=rank)


def pairs_of(arms: Sequence[Arm], factor: str, first: str, second: str) -> list[tuple[Arm, Arm]]:
    """Return (arm with `first`, arm with `second`) for arms that differ in `factor` alone, by size.

    Details go with the factor: of several partners one with the same details is taken.
    """
    pairs = []
    for arm in arms:
        if getattr(arm, factor) != first:
            continue
        partners = [
            other
            for other in arms
            if getattr(other, factor) == second and is_alike(arm, other, but=(factor,))
        ]  # fmt: skip
        if partners:
            pairs.append((arm, min(partners, key=lambda other: (other.details != arm.details, other.name))))
    return pairs


def differing_details(first: Arm, second: Arm) -> list[str]:
    """Return the learning rates in which the two differ, by their names in params.yaml."""
    one, other = json.loads(first.details), json.loads(second.details)
    return [name for name in _DETAILS[:2] if one.get(name) != other.get(name)]


def is_alike(arm: Arm, other: Arm, but: Sequence[str]) -> bool:
    """Return whether two arms agree in every factor but these."""
    return all(getattr(arm, factor) == getattr(other, factor) for factor in FACTORS if factor not in but)


def _arm_of(study: Study, student: str, sizes: Mapping[int, int], objectives: Mapping[str, str]) -> tuple[Arm, int]:
    recipe = study.training_params(student)
    start = str(recipe.get("start", "unknown"))
    parameters = study.parameters[student]
    rest = {name: value for name, value in recipe.items() if name not in _OWN and name not in _DETAILS}
    arm = Arm(
        name=student,
        size=sizes[parameters],
        parameters=parameters,
        start=_start_kind(start, objectives),
        loss=str(recipe.get("loss", "sample")),
        formats=_mix(recipe.get("formats") or {}),
        tokenizer=str(recipe.get("tokenizer")),
        settings=json.dumps(rest, sort_keys=True),
        details=json.dumps({name: recipe.get(name) for name in _DETAILS}, sort_keys=True),
        students=(),
    )
    return replace(arm, name=""), int(recipe.get("seed") or 0)


def _start_kind(start: str, objectives: Mapping[str, str]) -> str:
    """T5 and FlanT5 are known by their names; a start that the run pretrains, by its objective."""
    if start in objectives:
        return objectives[start]
    name = start.rpartition("/")[2].lower()
    if name.startswith("flan"):
        return "instructions"
    return "span_corruption" if re.match(r"(mt5|byt5|t5)\b", name) else start


def _mix(weights: Mapping[str, float]) -> str:
    used = [name for name in FORMATS if weights.get(name)]
    in_context = [name for name in used if is_in_context(name)]
    if not used:
        return "unknown"
    if not in_context:
        return "zero_shot"
    if len(in_context) == len(used):
        return "in_context"
    if len(used) == len(FORMATS):
        return "all"
    return "+".join(used)


def _size_classes(counts: Any) -> dict[int, int]:
    """Return parameter count → smallest count of its class."""
    classes: dict[int, int] = {}
    smallest = 0
    for count in sorted(set(counts)):
        if not smallest or count > ALIKE * smallest:
            smallest = count
        classes[count] = smallest
    return classes


def _named(arms: Sequence[Arm]) -> list[Arm]:
    """Give each arm the name of its student, or what the names of its replicates begin with; never one name twice."""
    names = [arm.names[0] if len(arm.names) == 1 else _common(arm.names) for arm in arms]
    for place, name in enumerate(names):
        others = names[:place]
        number = 2
        while names[place] in others:
            names[place], number = f"{name}-{number}", number + 1
    return [replace(arm, name=name) for arm, name in zip(arms, names, strict=True)]


def _common(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    length = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return re.sub(r"[-_]+(seed|s)?$", "", first[:length]) or names[0]
