"""The two halves of the section `evaluate`, a module each: a step's code holds only the half that it reads."""
