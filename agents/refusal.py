"""The refusal of what an agent asks for; a shell shows its code and text to him."""


class StatusRefused(Exception):
    """The change is not allowed now. `code` is constant and public; the text says why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
