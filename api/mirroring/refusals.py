"""What can go wrong with a tracking server."""


class ServerAway(Exception):
    """It does not answer, or is too busy, or lets nobody in: the same request may work later."""


class Refused(Exception):
    """It refuses a request, and would again."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(f"{code}: {message}")
