"""The clusters that steps of merging make, as `merge_classes` takes them."""

from collections.abc import Sequence

from crossent.scoring.merging.order import Step


def merge_groups(classes: Sequence[str], steps: Sequence[Step]) -> dict[str, tuple[str, ...]]:
    """Return the clusters of more than one class after `steps`, as `merge_classes` takes them."""
    members = {code: [code] for code in range(len(classes))}
    for step in steps:
        kept, gone = step.codes
        members[kept] += members.pop(gone)
    groups = [[classes[code] for code in sorted(codes)] for codes in members.values()]
    return {"+".join(names): tuple(names) for names in groups if len(names) > 1}
