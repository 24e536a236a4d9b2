"""What the teacher's distributions imply for student tokens that are not one-to-one with a teacher token.

The teacher's tokens t₁ … tₙ of a group and their alternatives are a tree of texts with known probabilities:
t₁ … tₙ itself, and for each depth d and alternative a of t_d the text t₁ … t_{d−1} a, with probability
P(t₁) … P(t_{d−1}) P(a). These leaves exclude each other, so their sum never passes 1. Cut into student tokens, they
give at the group's k-th student token

    P(s | s₁ … s_{k−1}) = Σ leaves that begin s₁ … s_{k−1} s / Σ leaves that begin s₁ … s_{k−1} and go on,

for k = 1 with denominator 1. So one student token beside several teacher tokens gets the chain rule; several student
tokens beside one teacher token get marginals and conditionals of its distribution. Both are conditional probabilities
of the next student token up to two approximations: beyond the top-k nothing is known (at k = 1 it is missing mass; for
k > 1 it is taken to be spread as the known part is), and a leaf is cut as if the text behind it could not change its
tokens. What is known but has no student token is missing mass at any k. Multiplying the first position's distribution
by the later tokens' probabilities alone would be none (TRL's GOLD had that, pull request 5905).
"""

from collections import defaultdict
from collections.abc import Sequence

from specialize.traces.alignment.vocabulary import StudentVocabulary

Leaf = tuple[bytes, float]


def leaves_of(tokens: Sequence[bytes], probs: Sequence[float], others: Sequence[Sequence[Leaf]]) -> list[Leaf]:
    """Return the texts of a group's tree with their probabilities, the group's own text first.

    probs: of the sampled tokens; others: the alternatives at each depth, without the sampled token.
    """
    found: list[Leaf] = []
    prefix, mass = b"", 1.0
    for token, prob, alternatives in zip(tokens, probs, others, strict=True):
        found += [(prefix + text, mass * other) for text, other in alternatives]
        prefix, mass = prefix + token, mass * prob
    return [(prefix, mass), *found]


def merged(
    vocabulary: StudentVocabulary, leaves: Sequence[Leaf], ids: tuple[int, ...]
) -> list[dict[int, float]] | None:
    """Return the distribution at each student token of a group; an empty one where it says no more than the token.

    leaves: as `leaves_of` gives them; ids: the group's student tokens. None where the group's own text is not cut into
    these tokens.
    """
    own = leaves[0][0]
    fresh = vocabulary.cut(own, fresh=False) != ids
    if fresh and vocabulary.cut(own, fresh=True) != ids:
        return None
    cuts = [(cut, mass) for text, mass in leaves if (cut := vocabulary.cut(text, fresh)) and mass > 0]
    if not leaves[0][1] > 0:
        return None
    found: list[dict[int, float]] = []
    for place in range(len(ids)):
        here: defaultdict[int, float] = defaultdict(float)
        for cut, mass in cuts:
            if len(cut) > place:
                here[cut[place]] += mass
        whole = sum(here.values()) if place else 1.0
        certain = place > 0 and len(here) == 1
        # Marks have no piece: an unknown character, or text that only reads like a mark.
        spelled = {token: mass / whole for token, mass in here.items() if vocabulary.pieces[token]}
        found.append({} if certain or ids[place] not in spelled else spelled)
        cuts = [(cut, mass) for cut, mass in cuts if len(cut) > place and cut[place] == ids[place]]
    return found
