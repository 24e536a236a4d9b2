"""What watches a training: its numbers, its log, signals from outside."""
