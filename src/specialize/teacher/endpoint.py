"""Who answers, as cache keys name them."""

from collections.abc import Sequence
from pathlib import Path

from specialize.core.files import json_text, sha256_file, sha256_text
from specialize.core.params.teacher import LOCAL, TeacherParams
from specialize.lineage.code_digest import code_digest


def endpoint_of(params: TeacherParams, problems: Sequence[Path]) -> str:
    """Return an address, or what the local teacher is made of, for its answers are computed."""
    if params.base_url != LOCAL:
        return params.base_url
    made_of = {
        "code": code_digest("teacher"),
        "problems": sorted(sha256_file(path) for path in problems),
        "settings": params.local.model_dump(mode="json"),
    }
    return f"{LOCAL} {sha256_text(json_text(made_of))}"
