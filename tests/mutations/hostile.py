"""What to put where something else was expected: values, texts and bytes, drawn by seed."""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

Path = tuple[str | int, ...]

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3.5, -0.0, 1e-320, 1e308, -1e308, float("nan"), float("inf"), float("-inf"),
    2**31, 2**63, 2**64, 10**18, 10**30, -(10**30), 10**400, "", " ", "\t", "\n", "x", "0", "1", "-1", "1e5", "nan",
    "null", "true", "../x", "../../../../etc/passwd", "/dev/null", "/dev/zero", "/", ".", "~", "~root", "a b", "$(id)",
    "`id`", "a;b", "{x}", "{question}", "${key}", "%s", "{0.__class__}", "<script>alert(1)</script>", "=1+1", "\x1b[31m",
    "\x07", "\x00", "a\x00b", "\x7f\x85", "\u202e", "\u2028", "é", "٣", "１", "𝟙", "½", "İ", "ß", "e\u0301" * 50,
    "\U0001f9d1\u200d\U0001f4bb", "A" * 300, "é" * 300, "x" * 20_000, "9" * 5000, "con", "nul", "-rf", "--help", "@x",
    [], {}, [[]], [{}], {"": ""}, {"x": None}, [None], ["x"] * 3, [0] * 1000, {"a": {"b": {"c": {"d": {}}}}}, [1, "a"],
    {"x": 1, "y": [2]}, "https://user:secret@host/v1", "http://[::1", "ftp://x", "http://127.0.0.1:99999/v1",
)  # fmt: skip


def nested(depth: int, kind: str = "list") -> Any:
    """Return lists or mappings inside each other."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


def places(tree: Any, at: Path = ()) -> list[Path]:
    """Return the path of every value in a tree of mappings and lists, the tree itself first."""
    found = [at]
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        found += places(value, (*at, key))
    return found


def mutate_tree(rng: Random, tree: Any) -> tuple[str, Any]:
    """Return what was done, and a changed copy: a value replaced, removed, doubled, renamed or exchanged."""
    tree = copy.deepcopy(tree)
    at = rng.choice(places(tree))
    if not at:
        value = rng.choice(VALUES)
        return f"the whole is {_shown(value)}", copy.deepcopy(value)
    parent = _at(tree, at[:-1])
    kind = rng.choice(("replace",) * 6 + ("scale", "remove", "rename", "exchange", "deepen", "repeat", "add"))
    match kind:
        case "remove":
            del parent[at[-1]]
        case "rename" if isinstance(parent, dict):
            value = rng.choice([text for text in VALUES if isinstance(text, str)] + [_typo(rng, str(at[-1]))])
            parent[value] = parent.pop(at[-1])
            return f"{_shown(at)} renamed {_shown(value)}", tree
        case "exchange":
            other = rng.choice(places(tree)[1:])
            if other[: len(at)] != at and at[: len(other)] != other:
                there = _at(tree, other[:-1])
                parent[at[-1]], there[other[-1]] = there[other[-1]], parent[at[-1]]
            return f"{_shown(at)} exchanged with {_shown(other)}", tree
        case "deepen":
            parent[at[-1]] = nested(rng.choice((2, 30, 200)), rng.choice(("list", "map")))
        case "repeat":
            parent[at[-1]] = [parent[at[-1]]] * rng.choice((2, 500))
        case "add" if isinstance(parent, dict):
            parent[_typo(rng, str(at[-1]))] = copy.deepcopy(parent[at[-1]])
        case "scale" if isinstance(parent[at[-1]], int | float):
            parent[at[-1]] *= rng.choice((-1, 1000, 10**6, 10**9, 10**12, 0.5, 1e-9))
        case _:
            parent[at[-1]] = copy.deepcopy(rng.choice(VALUES))
    return f"{kind} {_shown(at)}: {_shown(parent.get(at[-1]) if isinstance(parent, dict) else parent)}", tree


def mutate_bytes(rng: Random, content: bytes) -> tuple[str, bytes]:
    """Return what was done, and the bytes changed: as a damaged disk, a broken transfer or another program leaves them."""
    if not content:
        return "a byte", b"\x00"
    start = rng.randrange(len(content))
    length = rng.choice((1, 4, 64, 4096))
    junk = rng.randbytes(length)
    choices: dict[str, Callable[[], bytes]] = {
        "one bit": lambda: content[:start] + bytes([content[start] ^ 1 << rng.randrange(8)]) + content[start + 1 :],
        "cut off": lambda: content[:start],
        "empty": lambda: b"",
        "beginning lost": lambda: content[start:],
        "a hole": lambda: content[:start] + content[start + length :],
        "zeros": lambda: content[:start] + bytes(length) + content[start + length :],
        "junk over": lambda: content[:start] + junk + content[start + length :],
        "junk between": lambda: content[:start] + junk + content[start:],
        "doubled": lambda: content + content,
        "a part doubled": lambda: content[: start + length] + content[start:],
        "BOM": lambda: b"\xef\xbb\xbf" + content,
        "UTF-16": lambda: content.decode("utf-8", "replace").encode("utf-16"),
        "Latin-1": lambda: content[:start] + b"\xe9\xff" + content[start:],
        "CRLF": lambda: content.replace(b"\n", b"\r\n"),
        "CR": lambda: content.replace(b"\n", b"\r"),
        "only junk": lambda: junk,
        "end lost": lambda: content[: max(len(content) - length, 0)],
        "NUL": lambda: content[:start] + b"\x00" + content[start:],
        "blank lines": lambda: b"\n\n" + content + b"\n \n",
        "HTML": lambda: b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
        "pointer": lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    }
    kind = rng.choice(list(choices))
    return f"{kind} at {start} of {len(content)}", choices[kind]()


def mutate_json(rng: Random, content: bytes) -> tuple[str, bytes]:
    """Return what was done, and JSON (or a line of JSON Lines) with another value in it, or damaged bytes."""
    if rng.random() < 0.3:
        return mutate_bytes(rng, content)
    text = content.decode("utf-8")
    try:
        whole = json.loads(text)
    except ValueError:
        lines = text.splitlines()
        at = rng.randrange(len(lines))
        kind, row = mutate_tree(rng, json.loads(lines[at]))
        lines[at] = json.dumps(row)
        return f"line {at + 1}: {kind}", "\n".join(lines).encode("utf-8", "surrogatepass")
    kind, tree = mutate_tree(rng, whole)
    return kind, json.dumps(tree).encode("utf-8", "surrogatepass")


def _at(tree: Any, at: Path) -> Any:
    for key in at:
        tree = tree[key]
    return tree


def _typo(rng: Random, name: str) -> str:
    start = rng.randrange(len(name) or 1)
    return rng.choice((name[:start] + name[start + 1 :], name + "s", name.upper(), name.replace("_", "-"), name[::-1]))


def _shown(value: Any) -> str:
    try:
        return ascii(value)[:80]
    except (ValueError, RecursionError):
        return f"a {type(value).__name__}"
