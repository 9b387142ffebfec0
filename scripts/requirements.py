"""Print the project's requirements with those of the `train`, `hub` and `dev` extras, one a line, for a resolution check."""

from __future__ import annotations

import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
extras = project["optional-dependencies"]
# pip resolves for other Pythons from wheels only, and kiwipiepy's model comes as source.
SOURCE_ONLY = ("kiwipiepy",)
for requirement in [*project["dependencies"], *extras["train"], *extras["hub"], *extras["dev"]]:
    if not requirement.startswith(("fgsuite", *SOURCE_ONLY)):
        print(requirement.replace(" ", ""))
