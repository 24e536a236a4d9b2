"""What is shown: page, tables, terminal text, metrics."""
