"""Names as they are shown: short enough, and without what cannot be drawn or written."""


def encodable(text: str) -> str:
    """Return text with a question mark for each byte that names of files hold and UTF-8 does not."""
    return text.encode(errors="replace").decode()


def shorten(name: str, longest: int) -> str:
    """Return a name on one line, cut in its middle: names that begin or end alike are still told apart."""
    name, head = encodable(one_line(name)), (longest - 1) // 2
    return name if len(name) <= longest else f"{name[: longest - 1 - head]}…{name[-head:]}"


def one_line(text: str) -> str:
    """Return text without line breaks, with single spaces."""
    return " ".join(text.split())
