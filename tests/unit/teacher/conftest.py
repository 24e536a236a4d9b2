"""So that the folders below can import what stands here."""
