"""What a user may say about data. Holds names only; the readers look them up and check them."""

from dataclasses import dataclass, fields

from crossent.errors import InputError


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Which columns are what, and which file is the test part.

    A column is given by its name, else by its number from 0, negative from the end: a file without
    a header line has the names column0, column1, ... In an .npz, `target` and `features` name
    arrays. features: None for all that are nothing else. target_probs: a pattern with one star
    whose matches are the soft labels, the rest of each name its class. test: a file or folder.
    classes: the class names in order, where the labels do not tell.
    """

    target: str | None = None
    features: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    weights: str | None = None
    target_probs: str | None = None
    test: str | None = None
    classes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.target is not None and self.target_probs is not None:
            raise InputError("--target and --target-probs exclude each other; give one of them")
        if self.target_probs is not None and self.target_probs.count("*") != 1:
            raise InputError("--target-probs must hold one star for the class, such as 'p_*'")

    def columns(self) -> tuple[str, ...]:
        """Return every column that is named."""
        single = (self.target, self.weights)
        return (*(n for n in single if n is not None), *(self.features or ()), *self.ignore)

    def refuse_all_but(self, *allowed: str, where: str) -> None:
        """Raise InputError if an option is set that makes no sense for a format."""
        for option in fields(self):
            value = getattr(self, option.name)
            if option.name not in (*allowed, "test", "classes") and value not in (None, ()):
                flag = option.name.replace("_", "-")
                raise InputError(f"--{flag} is for tables; {where} holds no columns")
