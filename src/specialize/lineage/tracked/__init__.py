"""What Git and DVC keep, read without either: commits as rows of scores, history of recipes, DVC's cache."""
