"""What the machine has, what it ran out of, and what its libraries say."""
