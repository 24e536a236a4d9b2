"""C14, C15: the mass of the teacher's top-k, and how much of it alignment brings to the student's tokens. Counts over
all traces, not a sample, so there is no interval."""

from specialize.records.coverage import TokenCounts
from specialize.report.findings.verdict import Answer, Part, Verdict
from specialize.report.formatting import percent
from specialize.report.stats.contrasts import Evidence

NEARLY_ALL = 0.95
MOST = 0.5
OWN_GRAMMAR = (
    "The teacher of this run is a grammar that this project wrote (teacher.base_url: local), whose steps have few "
    "alternatives and whose texts the students' tokens were made for: counts say what was built, not what "
    "teachers are like."
)
NO_ALIGNMENT = "completions with log-probabilities, aligned (results/traces/aligned/*/coverage.json)"


def top_k_is_enough(evidence: Evidence) -> Verdict:
    """C14: the teacher's top 5 hold nearly all of its probability."""
    known = {name: each.all for name, each in evidence.study.coverage.items() if each.all.soft}
    masses = {name: counts.teacher_mass / counts.soft for name, counts in known.items()}
    masses_text = "; ".join(
        f"{name}: mean {percent(mass)} % (n {known[name].soft:,} tokens)" for name, mass in masses.items()
    )
    answer: Answer = "yes" if masses and min(masses.values()) >= NEARLY_ALL else "no"
    return Verdict(
        name="C14",
        claim="The teacher's few most likely tokens hold nearly all of its probability.",
        source="§3.3; recorded completions",
        paper="86.9 % of 2,893 recorded steps have a top-5 mass of .95 or more",
        parts=(Part(f"the mean mass is {percent(NEARLY_ALL)} % or more", answer, masses_text),) if known else (),
        lacking="" if known else NO_ALIGNMENT,
        by_construction=OWN_GRAMMAR if evidence.simulated_teacher else "",
    )


def alignment_supervises(evidence: Evidence) -> Verdict:
    """C15: alignment lets the teacher's distributions supervise another tokenizer."""
    coverage = {name: each for name, each in evidence.study.coverage.items() if each.all.soft}
    parts = []
    for says, counts in (
        ("most target tokens get a distribution", {name: each.all for name, each in coverage.items()}),
        ("number tokens too", {name: each.numbers for name, each in coverage.items() if each.numbers.tokens}),
    ):
        if counts:
            shares = {name: each.soft / each.tokens for name, each in counts.items()}
            answer: Answer = "yes" if min(shares.values()) > MOST else "no"
            parts.append(Part(says, answer, "; ".join(_shares(name, counts[name]) for name in counts)))
    return Verdict(
        name="C15",
        claim="Alignment lets the teacher's distributions supervise a student with another tokenizer.",
        source="§3.3",
        paper="67 % of the tokens of three published examples have a soft target",
        parts=tuple(parts),
        lacking="" if parts else NO_ALIGNMENT,
        by_construction=OWN_GRAMMAR if evidence.simulated_teacher else "",
    )


def _shares(name: str, counts: TokenCounts) -> str:
    kept = counts.kept_mass / counts.teacher_mass if counts.teacher_mass else 0.0
    soft = counts.soft / counts.tokens
    return f"{name}: {percent(soft)} % soft (n {counts.tokens:,}), {percent(kept)} % of their mass kept"
