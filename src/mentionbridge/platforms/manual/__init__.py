"""Places without an interface: a person pastes what was said there, and posts our answer by hand."""

from mentionbridge.platforms.manual.plug import plug

__all__ = ["plug"]
