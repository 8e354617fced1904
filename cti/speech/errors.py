"""The base of what can go wrong with speech: voices, prompt recordings, recognition."""


class SpeechError(Exception):
    """Something about speech cannot be done; the text says where, and what would help."""
