"""Makes made_run and made_evidence importable from the folders below."""
