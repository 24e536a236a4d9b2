"""The request cache: every answer ever paid for."""
