"""What the local teacher refuses, it refuses as OpenAI does: status 400 (404 for a model) and an error body."""


class RefusalError(Exception):
    """A request that cannot be answered: the message, the field at fault, the status and OpenAI's code for it."""

    def __init__(self, message: str, param: str | None = None, status: int = 400, code: str | None = None) -> None:
        super().__init__(message)
        self.message, self.param, self.status, self.code = message, param, status, code
