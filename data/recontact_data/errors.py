"""The errors recontact raises: each message says what is wrong, the value, and the cure."""


class RecontactError(Exception):
    """Base of every error that a user can cause and cure. Its text is one line."""


class TaxonomyError(RecontactError):
    """A taxonomy file is not valid."""


class CommentFileError(RecontactError):
    """A file of comments cannot be read or written."""


class ColumnError(CommentFileError):
    """A column that was asked for is not there, is ambiguous, or is in the way of the output."""


class LabelError(RecontactError):
    """A labelled row or file is not valid."""


class UnknownLabelError(LabelError):
    """Labels that are no causes of the taxonomy; `values` is what was written."""

    def __init__(self, *values: str) -> None:
        super().__init__(f"label {values[0]!r} is no cause; write the id or the name of one")
        self.values = values


class RecipeError(RecontactError):
    """A training recipe is not valid."""


class CorpusError(RecontactError):
    """A corpus folder does not hold what training needs."""


class ModelError(RecontactError):
    """A model folder is missing, damaged or made for something else."""


class BehaviourError(RecontactError):
    """A model fails more behavioural cases than was allowed."""


class MissingExtraError(RecontactError):
    """A command needs packages that the base install leaves out."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs more packages; install them with: pip install 'recontact[{extra}]', "
            f"or in a checkout: pip install '.[{extra}]'"
        )
