"""What bytes are when they are not the plain text an interchange should be: named, with what to do about it."""

from __future__ import annotations

import codecs

UTF8_BOM = codecs.BOM_UTF8

_RESEND = "Save or send it again as plain ASCII text."
_OPENINGS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, f"UTF-32 text. {_RESEND}"),
    (codecs.BOM_UTF32_BE, f"UTF-32 text. {_RESEND}"),
    (codecs.BOM_UTF16_LE, f"UTF-16 text. {_RESEND}"),
    (codecs.BOM_UTF16_BE, f"UTF-16 text. {_RESEND}"),
    (b"I\0S\0A\0", f"UTF-16 text. {_RESEND}"),
    (b"\0I\0S\0A", f"UTF-16 text. {_RESEND}"),
    (b"\xc9\xe2\xc1", "EBCDIC, as mainframes write it. Transfer it in text (ASCII) mode, not binary."),
    (b"PK\x03\x04", "a ZIP archive. Unpack it first."),
    (b"\x1f\x8b", "compressed by gzip. Unpack it first."),
    (b"%PDF", "a PDF. Ask the sender for the interchange itself."),
    (b"-----BEGIN PGP", "encrypted by PGP. Decrypt it first."),
    (b"\x30\x80", "a signed or encrypted message (CMS). Decrypt it first."),
    (b"\x30\x82", "a signed or encrypted message (CMS). Decrypt it first."),
)


def wrong_encoding(head: bytes) -> str | None:
    """What the bytes are, and what to do, when their opening is of something known that is not plain text; else None."""
    return next((words for opening, words in _OPENINGS if head.startswith(opening)), None)


def text_encoding(content: bytes) -> str:
    """How to decode what is not ASCII: `ascii`, `utf-8`, or `latin-1`, which reads anything."""
    if content.isascii():
        return "ascii"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), 1 << 20):
            decoder.decode(content[start : start + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def first_beyond_ascii(content: bytes) -> int:
    """The offset of the first byte that is not ASCII, or the length when all are."""
    for start in range(0, len(content), 1 << 16):
        chunk = content[start : start + (1 << 16)]
        if not chunk.isascii():
            return start + next(place for place, byte in enumerate(chunk) if byte > 127)
    return len(content)
