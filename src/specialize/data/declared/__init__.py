"""Datasets that params declare: any table, its columns named in `data.datasets.<name>`."""
