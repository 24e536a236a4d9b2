"""From the teacher's tokens to a student's: pure functions over arrays."""
