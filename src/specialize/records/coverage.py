"""coverage.json of aligned traces: how many target tokens the teacher's distributions cover.

results/traces/aligned/{tokenizer}/part-{shard:05d}.coverage.json of each shard, coverage.json of all.
"""

from typing import Any

from pydantic import Field, model_validator

from specialize.records.record import Record


class TokenCounts(Record):
    """Counts over target tokens."""

    tokens: int = Field(default=0, ge=0)
    soft: int = Field(default=0, ge=0)
    """Tokens with a soft target."""
    certain: int = Field(default=0, ge=0)
    """Tokens without a soft target because the teacher's leaves no choice, as the second digit of a number that it
    writes as one token: their one-hot target is its distribution."""
    chunked: int = Field(default=0, ge=0)
    """Tokens in a chunk with the teacher's likelihood."""
    teacher_mass: float = Field(default=0.0, ge=0)
    """Sum over soft tokens of the probability that the teacher gave: its top-k and the sampled token."""
    kept_mass: float = Field(default=0.0, ge=0)
    """Sum over soft tokens of the probability that reached student tokens."""

    def plus(self, other: "TokenCounts") -> "TokenCounts":
        """Return the sums of both."""
        mine, others = self.model_dump(), other.model_dump()
        return TokenCounts(**{name: mine[name] + others[name] for name in mine})


class TokenShares(Record):
    """Ratios of TokenCounts; null where the denominator is 0."""

    soft: float | None
    """Share of tokens with a soft target."""
    certain: float | None
    """Share of tokens that the teacher's distribution leaves no choice for."""
    chunked: float | None
    """Share of tokens in a chunk."""
    mean_mass: float | None
    """Mean probability kept per soft token."""
    mass_kept: float | None
    """Share of the teacher's probability that was kept."""


class CoverageShares(Record):
    """The shares of all target tokens and of those with a digit."""

    all: TokenShares
    numbers: TokenShares


class Coverage(Record):
    """What the distributions cover. The shares follow from the counts."""

    traces: int = Field(default=0, ge=0)
    aligned: int = Field(default=0, ge=0)
    """Traces whose teacher tokens were aligned."""
    rejected: dict[str, int] = Field(default={})
    """Reason → traces without distributions: their targets are all one-hot."""
    all: TokenCounts = TokenCounts()
    numbers: TokenCounts = TokenCounts()
    """The same over tokens with a digit."""
    shares: CoverageShares = Field(default_factory=lambda counts: _shares_of(counts))

    @model_validator(mode="after")
    def _follows(self) -> "Coverage":
        if self.shares != _shares_of({"all": self.all, "numbers": self.numbers}):
            raise ValueError("'shares' do not follow from the counts")
        return self

    def plus(self, other: "Coverage") -> "Coverage":
        """Return the sums of both."""
        reasons = sorted({*self.rejected, *other.rejected})
        return Coverage(
            traces=self.traces + other.traces,
            aligned=self.aligned + other.aligned,
            rejected={why: self.rejected.get(why, 0) + other.rejected.get(why, 0) for why in reasons},
            all=self.all.plus(other.all),
            numbers=self.numbers.plus(other.numbers),
        )

    def lines(self) -> list[str]:
        """Return the coverage as lines for the log."""
        lines = [f"{self.aligned:,} of {self.traces:,} traces aligned with the teacher's distributions"]
        lines += [f"  {count:,} without: {why}" for why, count in self.rejected.items()]
        for name, counts, shares in (
            ("all", self.all, self.shares.all),
            ("number", self.numbers, self.shares.numbers),
        ):
            known = ", ".join(f"{what} {share:.1%}" for what, share in shares if share is not None)
            lines.append(f"  {name} tokens {counts.tokens:,}: {known or 'none'}")
        return lines


def _shares_of(counts: dict[str, Any]) -> CoverageShares:
    return CoverageShares(all=_shares(counts["all"]), numbers=_shares(counts["numbers"]))


def _shares(counts: TokenCounts) -> TokenShares:
    return TokenShares(
        soft=_ratio(counts.soft, counts.tokens),
        certain=_ratio(counts.certain, counts.tokens),
        chunked=_ratio(counts.chunked, counts.tokens),
        mean_mass=_ratio(counts.kept_mass, counts.soft),
        mass_kept=_ratio(counts.kept_mass, counts.teacher_mass),
    )


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None
