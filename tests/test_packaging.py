"""The wheel holds what it must, and installs without a deep-learning library."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built from a copy of the tracked files so that the checkout stays clean."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = subprocess.check_output(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, text=True
    ).split("\0")
    for name in filter(None, listed):
        if not name.startswith(("models/", "tests/")) and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)],
        check=True, capture_output=True,
    )  # fmt: skip
    return next(out.glob("*.whl"))


def test_wheel_is_whole(wheel: Path) -> None:
    """Every module, template and data file of the packages, and every file of the packs, is in the wheel."""
    held = set(zipfile.ZipFile(wheel).namelist())
    ours = [
        path
        for package in ("fgdata", "fgeval", "fgtrain")
        for path in (ROOT / package).rglob("*")
        if path.is_file()
    ]
    expected = {str(path.relative_to(ROOT)) for path in ours if "__pycache__" not in path.parts}
    packs = {
        f"fgdata/_templates/{path.relative_to(ROOT / 'templates')}"
        for path in (ROOT / "templates").rglob("*.*")
        if path.is_file()
    }
    assert expected <= held
    assert packs <= held
    assert any(name.endswith("licenses/LICENSE") for name in held)


def test_installed_wheel_makes_data(wheel: Path, tmp_path: Path) -> None:
    """From an unpacked wheel, away from the checkout, a pack is found by name and generates; no torch is loaded."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    probe = (
        "import sys, fgdata, fgdata.cli, fgeval.score; "
        f"code = fgdata.cli.main(['generate', 'fitness_en', '--rows', '60', '--out', {str(tmp_path / 'data')!r}]); "
        "print(fgdata.__file__, code, {'torch', 'transformers', 'peft', 'jax'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", probe], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == f"{tmp_path / 'site/fgdata/__init__.py'} 0 set()", done.stderr
    assert (tmp_path / "data/manifest.json").is_file()


def test_light_dependencies() -> None:
    """The base install asks for no deep-learning library; the extra `train` does."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    heavy = ("torch", "transformers", "peft", "accelerate")
    assert not [requirement for requirement in project["dependencies"] if requirement.startswith(heavy)]
    assert all(any(r.startswith(name) for r in project["optional-dependencies"]["train"]) for name in heavy)
    assert set(project["scripts"]) == {"fgdata", "fgeval", "fgtrain"}


@pytest.mark.parametrize("module", ["fgdata", "fgdata.cli", "fgeval.score", "fgeval.cli", "fgtrain.cli"])
def test_light_imports(module: str) -> None:
    """Looking at data, scoring, and reading any --help loads no deep-learning library."""
    probe = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", probe], text=True).split()
    assert {"torch", "jax", "transformers", "peft"}.isdisjoint(loaded)
