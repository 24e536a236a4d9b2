"""What each artifact holds: one module per results folder, with its pyarrow schema and pydantic models."""
