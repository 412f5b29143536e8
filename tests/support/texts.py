"""How users are told of a mistake."""

import re


def is_told(text: str) -> bool:
    """Whether it is one line that says with what something is wrong, what that is, and what to do next."""
    return bool(re.fullmatch(r".+?: .+; .+", text))
