"""How a mixture of instructions is worded, and how much of it a student goes on learning."""

from pydantic import Field

from specialize.core.params.section import Section


class InstructionPrompts(Section):
    """In which prompts the problems of an instruction mixture are put, one drawn for each."""

    chain_of_thought: float = Field(default=0.5, ge=0, le=1)
    """Share of the instructions whose target holds the reasoning; of the others it is the answer alone."""
    in_context: float = Field(default=0.0, ge=0, le=1)
    """Share of the instructions with a worked exemplar before the question."""
    trained_prompt: float = Field(default=0.5, ge=0, le=1)
    """Share of the generic problems that are asked as students are trained to be asked, without their instruction: only
    a start that can answer so can be seen to forget it in that prompt."""


class ReplayParams(InstructionPrompts):
    """Generic problems among the traces, so that the student does not forget them (paper: none)."""

    share: float = Field(gt=0, lt=1)
    """Share of the examples that are generic problems; updates stay as large, so they take the place of traces."""
    file: str | None = None
    """JSON Lines of generic problems, each with `instruction`, `question`, `rationale` (or null) and `answer`, below
    `data.root`; null: those that the start was pretrained on (starts with `objective: instructions`)."""
