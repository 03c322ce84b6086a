"""How a run can end other than with a result."""

from edgerunner.domain.errors import EdgerunnerError


class RunCanceled(EdgerunnerError):
    """The run was stopped from outside; there is no result."""

    code = "canceled"
