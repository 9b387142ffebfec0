"""A picture of an HTML page, taken by headless Chromium.

python scripts/screenshot.py out/demo/report.html docs/images/report.png [--width 1400] [--height 1000] [--dark]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--width", type=int, default=1400)
    parser.add_argument("--height", type=int, default=1000)
    parser.add_argument("--dark", action="store_true")
    args = parser.parse_args()
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None or not args.page.is_file():
        print(
            "error: no Chromium found; install it."
            if browser is None
            else f"error: {args.page} is no file; run make demo first.",
            file=sys.stderr,
        )
        return 2
    args.picture.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync", "--disable-quic", "--hide-scrollbars", f"--user-data-dir={profile}",
                   f"--window-size={args.width},{args.height}", f"--screenshot={args.picture.resolve()}",
                   *(["--blink-settings=preferredColorScheme=0"] if args.dark else []), args.page.resolve().as_uri()]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    print(args.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
