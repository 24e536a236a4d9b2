"""The paper's findings C1–C15 and the questions it leaves open, each tested on a run."""
