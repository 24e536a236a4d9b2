"""C12, C13: which data formats give which ability (paper, Fig. 4). At the last checkpoint, where the figure's curves
end: the selected one was chosen by accuracy in one of the two formats."""

from specialize.report.arms import Arm, pairs_of
from specialize.report.findings.generic_ability import NEAR_ZERO
from specialize.report.findings.verdict import Part, Verdict, all_toward, present, text_of
from specialize.report.formatting import percent
from specialize.report.stats.contrasts import Evidence

IN_CONTEXT, ZERO_SHOT = "in_context_chain_of_thought", "zero_shot_chain_of_thought"
NOTHING_TO_LOSE = (
    f"a start that solves clearly more than {percent(NEAR_ZERO)} % of the seed dataset in context, for it to fall"
)


def in_context_only(evidence: Evidence) -> Verdict:
    """C12: in-context data alone give in-context and zero-shot ability."""
    arms = [arm for arm in evidence.arms if arm.formats == "in_context"]
    parts = [
        _moved(evidence, arms, "in-context accuracy rises", IN_CONTEXT, 1),
        _moved(evidence, arms, "and so does zero-shot accuracy", ZERO_SHOT, 1),
    ]
    known = tuple(present(parts))
    return Verdict(
        name="C12",
        claim="Training on in-context data alone gives both in-context and zero-shot ability.",
        source="Fig. 4A",
        paper="both curves rise; no numbers",
        parts=known if len(known) == 2 else (),
        lacking="" if len(known) == 2 else _lacking("in_context"),
    )


def zero_shot_only(evidence: Evidence) -> Verdict:
    """C13: zero-shot data alone give zero-shot ability and cost in-context ability."""
    arms = [arm for arm in evidence.arms if arm.formats == "zero_shot"]
    measure = evidence.seed(IN_CONTEXT)
    before = {arm.name: evidence.accuracy(arm, evidence.start, measure) for arm in arms}
    able = [arm for arm in arms if (level := before[arm.name]) and level.low > NEAR_ZERO]
    rises = _moved(evidence, arms, "zero-shot accuracy rises", ZERO_SHOT, 1)
    falls = _moved(evidence, able, "in-context accuracy falls", IN_CONTEXT, -1)
    known = (rises, *([falls] if falls else [])) if rises and any(before.values()) else ()
    lacking = "" if falls else NOTHING_TO_LOSE if known else _lacking("zero_shot")
    return Verdict(
        name="C13",
        claim="Training on zero-shot data alone gives zero-shot ability and costs in-context ability.",
        source="Fig. 4B",
        paper="zero-shot rises, in-context decays; no numbers",
        parts=known,
        lacking=lacking,
        notes=_in_context_ends(evidence),
    )


def _in_context_ends(evidence: Evidence) -> tuple[str, ...]:
    """Return the final in-context accuracy of in-context students against zero-shot students."""
    pairs = pairs_of(evidence.arms, "formats", "in_context", "zero_shot")
    found = [evidence.between(*pair, evidence.last, evidence.seed(IN_CONTEXT)) for pair in pairs]
    return tuple(f"Prompted in context, {text_of(each)}." for each in found if each)


def _moved(evidence: Evidence, arms: list[Arm], says: str, format: str, sign: int) -> Part | None:
    found = [evidence.change(arm, evidence.start, evidence.last, evidence.seed(format), arm.name) for arm in arms]
    known = present(found)
    return all_toward(says, known, sign) if known else None


def _lacking(kind: str) -> str:
    return (
        f"a student trained on {kind}_* formats alone (train.students.NAME.formats), scored in both chain-of-thought "
        "formats (evaluate.formats)"
    )
