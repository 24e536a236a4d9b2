"""How much of the targets the teacher's distributions cover: counted per shard, summed over shards."""

from pydantic import Field

from specialize.records.record import Record


class TokenCounts(Record):
    """Counts over target tokens."""

    tokens: int = Field(default=0, ge=0)
    soft: int = Field(default=0, ge=0)
    """Tokens with a soft target."""
    chunked: int = Field(default=0, ge=0)
    """Tokens that stand in a chunk with the teacher's likelihood."""
    teacher_mass: float = Field(default=0.0, ge=0)
    """Sum over soft tokens of the probability that the teacher told of: its top-k and the sampled token."""
    kept_mass: float = Field(default=0.0, ge=0)
    """Sum over soft tokens of the probability that reached student tokens."""

    def plus(self, other: "TokenCounts") -> "TokenCounts":
        """Return both together."""
        mine, others = self.model_dump(), other.model_dump()
        return TokenCounts(**{name: mine[name] + others[name] for name in mine})

    def shares(self) -> dict[str, float | None]:
        """Return share of soft tokens, share of chunked ones, mean mass kept per soft token, and its share of what the
        teacher told; null where there is nothing to divide by."""
        return {
            "soft": _ratio(self.soft, self.tokens),
            "chunked": _ratio(self.chunked, self.tokens),
            "mean_mass": _ratio(self.kept_mass, self.soft),
            "mass_kept": _ratio(self.kept_mass, self.teacher_mass),
        }


class Coverage(Record):
    """results/traces/aligned/{tokenizer}/coverage.json, of which the shares are worked out when it is written."""

    traces: int = Field(default=0, ge=0)
    aligned: int = Field(default=0, ge=0)
    """Traces whose teacher tokens were aligned."""
    rejected: dict[str, int] = Field(default={})
    """Why a trace has no distributions → how many: its targets are all one-hot."""
    all: TokenCounts = TokenCounts()
    numbers: TokenCounts = TokenCounts()
    """The same over tokens with a digit."""

    def plus(self, other: "Coverage") -> "Coverage":
        """Return both together."""
        reasons = sorted({*self.rejected, *other.rejected})
        return Coverage(
            traces=self.traces + other.traces,
            aligned=self.aligned + other.aligned,
            rejected={why: self.rejected.get(why, 0) + other.rejected.get(why, 0) for why in reasons},
            all=self.all.plus(other.all),
            numbers=self.numbers.plus(other.numbers),
        )

    def report(self) -> dict[str, object]:
        """Return counts and shares, as written."""
        return {**self.model_dump(), "shares": {"all": self.all.shares(), "numbers": self.numbers.shares()}}

    def lines(self) -> list[str]:
        """Return what the log says."""
        said = [f"{self.aligned:,} of {self.traces:,} traces aligned with the teacher's distributions"]
        said += [f"  {count:,} without: {why}" for why, count in self.rejected.items()]
        for name, counts in (("all", self.all), ("number", self.numbers)):
            shares = counts.shares()
            told = ", ".join(f"{what} {share:.1%}" for what, share in shares.items() if share is not None)
            said.append(f"  {name} tokens {counts.tokens:,}: {told or 'none'}")
        return said


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None
