"""Errors that a user can act on: every one says what was expected, what was found and where."""


class LiftError(Exception):
    """Bad input or an impossible request, told in one line for the person who gave it."""


class InputFormatError(LiftError):
    """A file is not what it should be: wrong format, broken, or of the wrong shape."""


class NothingToLiftError(LiftError):
    """The input was read, but holds no usable person."""


class NotAvailableError(LiftError):
    """A known option that this version or this Blender does not offer."""
