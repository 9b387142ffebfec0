"""One file per row layout, in and out; which layout a file has; reading and writing whole files of any."""

from fgdata.dialects.detect import LAYOUTS, LayoutReader, layout_named
from fgdata.dialects.files import read_examples, scan_examples, tell_layouts
from fgdata.dialects.layout import Layout, Values

__all__ = [
    "LAYOUTS",
    "Layout",
    "LayoutReader",
    "Values",
    "layout_named",
    "read_examples",
    "scan_examples",
    "tell_layouts",
]
