"""A walk through a Schema Object that finds what haymow refuses beyond what the meta-schema says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from haymow.generators.parameters.keywords import KEYWORDS, REFUSED, Below
from haymow.generators.parameters.patterns import is_pattern

MAX_SCHEMAS: Final = 500
"""Schemas within each other and side by side, as written."""
MAX_DEPTH: Final = 16
"""Schemas within each other; the outermost is 1."""
MAX_PATTERNS: Final = 32
PATTERN_WEIGHT: Final = 200
"""What the largest pattern may cost for each character, where another keyword costs 1: about 2 microseconds."""
REST_FACTOR: Final = 4
"""How often `unevaluatedProperties` has a validator look again at what stands beside it."""

Path = tuple[str | int, ...]


class Flaw(NamedTuple):
    """Something wrong at the end of `path`: the keys and indexes that lead there from the root."""

    path: Path
    code: str
    message: str


class Overgrown(Exception):
    """The schema is too large to look at any further."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.flaw = flaw


class Node:
    """One schema as written: what it weighs by itself, what stands within it, and what it refers to.

    `leaves` is what those of its named schemas weigh that have nothing within them.
    """

    weight = 1
    leaves = 0
    factor = 1
    branches = 0
    children: Sequence[Node] = ()
    reference: str | None = None

    def __init__(self, path: Path) -> None:
        self.path = path


class Walk:
    """Visits every schema of `schema` once; `flaws` and the nodes hold what it found. Raises Overgrown.

    `leaf_properties` are the weights of those of the root's properties that have no node, for they are leaves.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self.flaws: list[Flaw] = []
        self.definitions: dict[str, Node] = {}
        self.leaf_properties: dict[str, int] = {}
        self._schemas = self._patterns = 0
        self.root = self._visit(schema, ())

    def defined(self, reference: str) -> Node | None:
        """The schema that `reference` leads to; None unless it is one of the root's own `$defs`, or within one."""
        return self.definitions.get(unquote(reference))

    def _visit(self, schema: object, path: Path, depth: int = 1) -> Node:
        self._count(1)
        if depth > MAX_DEPTH:
            raise Overgrown(Flaw(path, "schema_too_deep", f"Schemas are nested more than {MAX_DEPTH} deep."))
        node = Node(path)
        if path and path[0] == "$defs":
            self.definitions[_reference_to(path)] = node
        if isinstance(schema, dict):
            for keyword, value in schema.items():
                below = KEYWORDS.get(keyword)
                if below is not _PLAIN:
                    self._keyword(below, keyword, value, node, depth)
                elif isinstance(value, list):
                    node.weight += len(value)
        return node

    def _count(self, more: int) -> None:
        self._schemas += more
        if self._schemas > MAX_SCHEMAS:
            raise Overgrown(Flaw((), "schema_too_large", f"It has more than {MAX_SCHEMAS} schemas."))

    def _keyword(self, below: Below | None, keyword: str, value: object, node: Node, depth: int) -> None:
        if below is Below.SCHEMA or below is Below.REST:
            node.factor *= REST_FACTOR if below is Below.REST else 1
            node.children = (*node.children, self._visit(value, (*node.path, keyword), depth + 1))
        elif below is None:
            self._unknown(keyword, node.path)
        elif isinstance(value, dict):
            self._members(below, (*node.path, keyword), value, node, depth)
        elif isinstance(value, list):
            node.branches += len(value) if below is Below.BRANCHES else 0
            children = [self._visit(v, (*node.path, keyword, i), depth + 1) for i, v in enumerate(value)]
            node.children = (*node.children, *children)
        elif isinstance(value, str):
            self._text(below, (*node.path, keyword), value, node)

    def _members(self, below: Below, path: Path, members: dict[str, Any], node: Node, depth: int) -> None:
        if below is Below.NAMED_LISTS:
            node.weight += sum(len(value) for value in members.values() if isinstance(value, list))
            return
        if below is Below.PATTERN_SCHEMAS:
            for pattern in members:
                self._pattern(pattern, (*path, pattern), node)
        # What stands in $defs may be referred to, and so needs a node, leaf or not.
        if below is Below.NAMED_SCHEMAS and depth < MAX_DEPTH and path[0] != "$defs":
            members = self._without_leaves(path, members, node)
        children = [self._visit(value, (*path, name), depth + 1) for name, value in members.items()]
        if below is not Below.DEFINITIONS:  # those cost nothing where they stand, but where something refers to them
            node.children = (*node.children, *children)

    def _without_leaves(self, path: Path, members: dict[str, Any], node: Node) -> dict[str, Any]:
        """Weigh the leaves, as the schemas of most parameters are, without a visit; return the others."""
        leaves = {name: weight for name, value in members.items() if (weight := _leaf_weight(value))}
        self._count(len(leaves))
        node.leaves += sum(leaves.values())
        if path == ("properties",):
            self.leaf_properties = leaves
        return {name: value for name, value in members.items() if name not in leaves}

    def _text(self, below: Below, path: Path, text: str, node: Node) -> None:
        if below is Below.PATTERN:
            self._pattern(text, path, node)
        elif below is Below.REFERENCE:
            node.reference = text
        elif below is Below.DIALECT and (node.path or text.removesuffix("#") != _DIALECT):
            self.flaws.append(Flaw(path, "unknown_dialect", "It may only say, at the root, JSON Schema 2020-12."))

    def _pattern(self, pattern: str, path: Path, node: Node) -> None:
        node.weight += PATTERN_WEIGHT
        self._patterns += 1
        if self._patterns > MAX_PATTERNS:
            raise Overgrown(Flaw((), "schema_too_large", f"It has more than {MAX_PATTERNS} patterns."))
        if not is_pattern(pattern):
            self.flaws.append(Flaw(path, "invalid_pattern", _NO_PATTERN))

    def _unknown(self, keyword: str, path: Path) -> None:
        if keyword.startswith("$") or keyword in REFUSED:
            self.flaws.append(Flaw((*path, keyword), "refused_keyword", _REFUSED))
        elif not path and not keyword.startswith("x-"):
            self.flaws.append(Flaw((keyword,), "unknown_keyword", _UNKNOWN))


_PLAIN: Final = Below.PLAIN  # most keywords are, and each save visits all of them
_PLAIN_KEYWORDS: Final = frozenset(keyword for keyword, below in KEYWORDS.items() if below is _PLAIN)
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_NO_PATTERN: Final = (
    "The pattern cannot be read, or is too large. Look-around and back-references are not available, and counted "
    "repetitions are costly: use minLength and maxLength."
)
_REFUSED: Final = "This keyword is not available here. A schema stands alone, with $ref into its own $defs."
_UNKNOWN: Final = "This key is neither a keyword of JSON Schema nor starts with x-."


def _leaf_weight(schema: object) -> int:
    """The weight of a schema with plain keywords alone; 0 for any other."""
    if not isinstance(schema, dict) or not schema.keys() <= _PLAIN_KEYWORDS:
        return 0
    return 1 + sum([len(value) for value in schema.values() if isinstance(value, list)])


def _reference_to(path: Iterable[str | int]) -> str:
    return "#" + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
