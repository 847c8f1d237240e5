"""What a check against a schema costs: its weight, once every `$ref` is replaced by what it leads to.

A check looks at each part of a value with each schema that stands for it, so its time grows with the weight of the
schema times the size of the value; both are bounded.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import Final, NamedTuple

from haymow.generators.parameters.schema_walk import MAX_DEPTH, PATTERN_WEIGHT, Flaw, Node, Overgrown, Walk

MAX_WEIGHT: Final = 10_000
MAX_BRANCHES: Final = 64
"""Entries of `allOf`, `anyOf` and `oneOf` together, through every `$ref`."""


class Weight(NamedTuple):
    """Of a schema with all that it refers to. `total` is in keywords looked at for each part of a value."""

    total: int = 1
    branches: int = 0
    depth: int = 1


class Weights:
    """The weights of a walk's schemas. `flaws` holds references that lead nowhere or in a circle. Raises Overgrown."""

    def __init__(self, walk: Walk) -> None:
        self.flaws: list[Flaw] = []
        self._walk = walk
        self._known: dict[int, Weight] = {}
        self._open: set[int] = set()
        self.root = self.of(walk.root)
        if self.root.total > MAX_WEIGHT:
            raise Overgrown(Flaw((), "schema_too_large", "A check of it would take too long. Make it simpler."))
        if self.root.branches > MAX_BRANCHES:
            message = f"allOf, anyOf and oneOf have more than {MAX_BRANCHES} entries together."
            raise Overgrown(Flaw((), "too_many_branches", message))
        for definition in walk.definitions.values():
            self.of(definition)

    @property
    def leaves(self) -> Collection[str]:
        """Those of the root's properties whose schemas have plain keywords alone."""
        return self._walk.leaf_properties

    @cached_property
    def of_properties(self) -> dict[str, int]:
        """What a check costs of each property, by name."""
        children = self._walk.root.children
        nodes = {str(child.path[1]): self.of(child).total for child in children if child.path[0] == "properties"}
        return nodes | self._walk.leaf_properties

    @cached_property
    def of_names(self) -> int:
        """What a check costs of the names of properties."""
        children = self._walk.root.children
        patterns = {child.path for child in children if child.path[0] == "patternProperties"}
        rules = sum(self.of(child).total for child in children if child.path[0] == "propertyNames")
        return rules + PATTERN_WEIGHT * len(patterns)

    @cached_property
    def of_the_rest(self) -> int:
        """What a check costs of everything else."""
        return self.root.total - self.of_names - sum(self.of_properties.values())

    def of(self, node: Node, depth: int = 1) -> Weight:
        """The weight of `node`, which stands `depth` schemas deep, references included."""
        weight = self._known.get(id(node))
        if weight is None:
            self._open.add(id(node))
            weight = self._known[id(node)] = self._weighed(node, depth)
            self._open.discard(id(node))
        if depth - 1 + weight.depth > MAX_DEPTH:
            raise Overgrown(Flaw(node.path, "schema_too_deep", f"Schemas are nested more than {MAX_DEPTH} deep."))
        return weight

    def _weighed(self, node: Node, depth: int) -> Weight:
        if depth > MAX_DEPTH:
            return Weight()
        total, branches, deepest = node.weight + node.leaves, node.branches, 1 if node.leaves else 0
        target = self._target(node)
        for child in node.children if target is None else (*node.children, target):
            weight = self.of(child, depth + 1)
            total += weight.total
            branches += weight.branches
            deepest = max(deepest, weight.depth)
        return Weight(node.factor * total, branches, 1 + deepest)

    def _target(self, node: Node) -> Node | None:
        if node.reference is None:
            return None
        target = self._walk.defined(node.reference)
        if target is None:
            message = "It must lead to a schema of the root's own $defs, such as #/$defs/name."
            self.flaws.append(Flaw((*node.path, "$ref"), "invalid_reference", message))
        elif id(target) in self._open:
            message = "It leads back to where it stands, in a circle."
            self.flaws.append(Flaw((*node.path, "$ref"), "circular_reference", message))
            target = None
        return target
