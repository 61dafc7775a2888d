"""Compiles charts to Vega and gives the JavaScript that draws them; both from vl-convert, offline.

Loaded only when a page is rendered. The bundle holds Vega, its expression interpreter and
vega-embed, so that a page needs neither the network nor eval.
"""

import functools
from types import ModuleType
from typing import Any

from crossent.errors import MissingExtraError

VEGA_LITE = "6.4"
SNIPPET = "window.vegaEmbed = vegaEmbed;"


@functools.cache
def bundle() -> str:
    """Return the drawing library as one script, safe inside a `script` element (made once)."""
    script: str = _vl_convert().javascript_bundle(SNIPPET, vl_version=VEGA_LITE)
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


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
