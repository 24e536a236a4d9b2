"""A checkpoint's results in the formats of other tools."""
