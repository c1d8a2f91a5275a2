"""The wheel and the source distribution, built from this tree without any index."""

from __future__ import annotations

import email
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def build(source: Path, target: Path, what: str) -> Path:
    """One distribution, `wheel` or `sdist`, of a source tree."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", what, "--directory", str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = target.glob("*.whl" if what == "wheel" else "*.tar.gz")
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build(ROOT, tmp_path_factory.mktemp("wheel"), "wheel"))


def code_and_data(archive: zipfile.ZipFile) -> set[str]:
    return {name for name in archive.namelist() if ".dist-info/" not in name}


def metadata(archive: zipfile.ZipFile) -> email.message.Message:
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    return email.message_from_bytes(archive.read(name))


def test_the_wheel_holds_all_of_the_package_and_nothing_else(wheel):
    """Data files too: templates, styles, SQL, the standard objects, and the mark that types are inside."""
    there = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "attio_ctl").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert code_and_data(wheel) == there
    assert {"attio_ctl/py.typed", "attio_ctl/standard_objects.json", "attio_ctl/render/page/plan.html.j2"} <= there


def test_the_wheel_carries_its_licence_and_its_command(wheel):
    names = {name.partition(".dist-info/")[2] for name in wheel.namelist() if ".dist-info/" in name}
    facts = metadata(wheel)

    assert "licenses/LICENSE" in names
    assert facts["License-Expression"] == "MIT"
    assert b"attio-ctl = attio_ctl.cli.main:main" in wheel.read(
        next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    )


def test_no_tool_of_development_is_offered_to_users(wheel):
    facts = metadata(wheel)

    assert facts.get_all("Provides-Extra") == ["metrics", "sandbox"]
    assert not re.search(r"pytest|mypy|ruff|mkdocs|hypothesis", " ".join(facts.get_all("Requires-Dist") or []))


def test_links_and_pictures_of_the_readme_lead_somewhere_outside_the_repository_too(wheel):
    text = str(metadata(wheel).get_payload())
    targets = re.findall(r"\]\(([^)]+)\)", text)

    assert len(targets) > 10
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []


def test_the_source_distribution_builds_the_same_wheel(wheel, tmp_path):
    source = build(ROOT, tmp_path / "sdist", "sdist")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    again = zipfile.ZipFile(build(tmp_path / source.name.removesuffix(".tar.gz"), tmp_path / "again", "wheel"))

    assert {name: again.read(name) for name in again.namelist()} == {
        name: wheel.read(name) for name in wheel.namelist()
    }
