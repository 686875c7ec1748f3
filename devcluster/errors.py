"""The one error that people see: what is wrong and what to do about it."""


class DevclusterError(Exception):
    """A message for a user; printed without a traceback."""
