"""A secret shows itself nowhere."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import traceback

import pytest
import structlog
from rich.console import Console
from rich.traceback import Traceback

from trueup.base.secret import Secret

TEXT = "hunter2-correct-horse"


def failing_with(secret: Secret) -> None:
    """Fail with the secret, and things that hold it, among the locals."""
    holder = {"token": secret, "list": [secret]}
    raise RuntimeError(f"failed with {secret} of {len(holder)}")


def test_no_way_of_showing_a_value_shows_the_text() -> None:
    """repr, str, format, f-strings, percent formatting and containers print stars."""
    secret = Secret(TEXT)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        f"{secret:>40}",
        "%s %r" % (secret, secret),  # noqa: UP031
        str([secret]),
    ]
    assert all("Secret(****)" in text and TEXT not in text for text in shown)


def test_it_does_not_leave_the_process() -> None:
    """JSON and pickle refuse it instead of writing the text."""
    for write in (json.dumps, pickle.dumps):
        with pytest.raises(TypeError) as refused:
            write(Secret(TEXT))
        assert TEXT not in str(refused.value)
    assert TEXT not in json.dumps({"token": Secret(TEXT)}, default=repr)


def test_tracebacks_with_locals_do_not_show_it() -> None:
    """Python's own traceback and rich's, both with locals, hide the text."""
    with pytest.raises(RuntimeError) as raised:
        failing_with(Secret(TEXT))
    plain = "".join(traceback.TracebackException.from_exception(raised.value, capture_locals=True).format())
    out = io.StringIO()
    error = raised.value
    rich = Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
    Console(file=out, width=200).print(rich)
    for text in (plain, out.getvalue()):
        assert "Secret(****)" in text
        # this test's own source line names the constant, never its text
        assert TEXT not in text.replace(f"TEXT = {TEXT!r}", "")


def test_logs_do_not_show_it() -> None:
    """structlog (JSON, console, traceback as dictionaries) and the standard library's logging hide the text."""
    out = io.StringIO()
    for renderer in (structlog.processors.JSONRenderer(), structlog.dev.ConsoleRenderer(colors=False)):
        log = structlog.wrap_logger(
            structlog.PrintLogger(out), processors=[structlog.processors.dict_tracebacks, renderer]
        )
        log.info("signed in", token=Secret(TEXT), nested={"token": Secret(TEXT)})
    log = structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=[structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()],
    )
    try:
        failing_with(Secret(TEXT))
    except RuntimeError:
        log.exception("failed")
    handler = logging.StreamHandler(out)
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "token %s %r", (Secret(TEXT), Secret(TEXT)), None)
    handler.emit(record)
    assert out.getvalue().count("Secret(****)") >= 6
    assert TEXT not in out.getvalue()


def test_its_attributes_do_not_hold_it() -> None:
    """What walks an object's attributes finds no text, and nothing can be changed."""
    secret = Secret(TEXT)
    found = [getattr(secret, name) for name in dir(secret) if not name.startswith("__")]
    assert TEXT not in str(found)
    assert not hasattr(secret, "__dict__")
    with pytest.raises(AttributeError):
        secret.reveal = lambda: ""


def test_it_is_a_value_all_the_same() -> None:
    """It reveals its text, equals its like alone, survives copies, is false when empty, and gives no hash away."""
    assert Secret(TEXT).reveal() == TEXT
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret("hunter3")
    assert Secret(TEXT) != TEXT
    assert copy.deepcopy({"a": Secret("ü")})["a"].reveal() == "ü"
    assert not Secret("")
    with pytest.raises(TypeError):
        hash(Secret(TEXT))
    with pytest.raises(TypeError) as refused:
        Secret(TEXT.encode())  # type: ignore[arg-type]
    assert TEXT not in str(refused.value)
