"""The command line: run in this process, as a shell would run it, and as a server."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from recontact_serving.cli.main import main

COMMAND = [sys.executable, "-m", "recontact_serving.cli.main"]
LONGEST = 120  # seconds that a line may take


@pytest.fixture
def recontact(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs the command line in this process; gives the exit code and all that was printed."""

    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["recontact", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], "subprocess.CompletedProcess[str]"]:
    """Runs a line in a folder as a person would, in whose shell `recontact` is a command."""
    commands = tmp_path_factory.mktemp("commands")
    (commands / "recontact").write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    (commands / "recontact").chmod(0o755)

    def run(line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
        paths = {"PATH": f"{commands}:{os.environ['PATH']}", "RECONTACT_DATA": str(folder / "data"), "COLUMNS": "200"}
        return subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"], cwd=folder, env=os.environ | paths, capture_output=True,
            text=True, timeout=LONGEST, check=False,
        )  # fmt: skip

    return run


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[str]]:
    """Runs `recontact serve` in a folder, on a free port; gives the address that it prints."""

    @contextmanager
    def served(folder: Path, *arguments: str) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        settings = {"RECONTACT_PORT": port, "RECONTACT_DATA": str(folder / "data")}
        server = subprocess.Popen(
            [*COMMAND, "serve", *arguments], cwd=folder, env=os.environ | settings, stderr=subprocess.PIPE, text=True
        )
        with server:
            assert server.stderr
            try:
                said = []
                for line in server.stderr:
                    said.append(line)
                    if address := re.search(r"https?://\S+(?=/docs)", line):
                        break
                else:
                    raise AssertionError("".join(said))
                yield address[0]
            finally:
                server.terminate()

    return served
