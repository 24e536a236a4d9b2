"""What differs between model families: `family` is the table, the other modules fill it."""
