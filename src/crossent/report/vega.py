"""Compiles charts to Vega and gives the JavaScript that draws them; both from vl-convert, offline.

Loaded only when a page is rendered. The bundle holds Vega, its expression interpreter and
vega-embed, so that a page needs neither the network nor eval.
"""

import functools
import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from crossent.data.builtin import user_cache
from crossent.errors import MissingExtraError

VEGA_LITE = "6.4"
SNIPPET = "window.vegaEmbed = vegaEmbed;"


@functools.cache
def bundle() -> str:
    """Return the drawing library as one script, safe inside a `script` element.

    Making it takes 2 s, so it is kept in the user's cache folder; where that cannot be read or
    written it is made anew.
    """
    version = _vl_convert().__version__
    # The snippet is part of the name: a script bundled from another one is another file.
    digest = hashlib.sha256(f"{VEGA_LITE}\n{SNIPPET}".encode()).hexdigest()[:8]
    try:
        folder = user_cache()
    except RuntimeError:  # no home folder
        return _make_bundle()
    return _cached(folder / f"vega-{version}-{digest}.js", _make_bundle)


def _make_bundle() -> str:
    script: str = _vl_convert().javascript_bundle(SNIPPET, vl_version=VEGA_LITE)
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _cached(path: Path, make: Callable[[], str]) -> str:
    """Return the text in `path`, below a line with its SHA-256; make it where that is not so."""
    with suppress(OSError):
        digest, _, body = path.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() == digest:
            return body.decode("utf-8")
    text = make()
    body = text.encode("utf-8")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return text


def compile_chart(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the Vega specification of a Vega-Lite one."""
    compiled: dict[str, Any] = _vl_convert().vegalite_to_vega(spec, vl_version=VEGA_LITE)
    return compiled


def _vl_convert() -> ModuleType:
    try:
        import vl_convert
    except ImportError as error:
        raise MissingExtraError("vl-convert-python", "cli") from error
    return vl_convert
