"""The corridor between the phases: records, answers, formats, params, recipes, errors, log."""
