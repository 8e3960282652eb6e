"""Has schemathesis ask a server of its own whatever its description allows and forbids, with all of its checks.

    pip install schemathesis
    python benchmarks/fuzzed_api.py [--calls 20000] [--model DIR] [--seed 13]
Goes on, with another seed each time, until that many calls were made; exits with 1 at the first round with a failure.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from killed_server import Killed

from recontact_serving.keys import Keys, Scope
from recontact_serving.settings import Settings
from recontact_serving.store.database import open_store

CONFIG = Path(__file__).resolve().with_name("schemathesis.toml")
EXAMPLES = 100  # of each phase and route, a round


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=20_000)
    options.add_argument("--model", type=Path)
    options.add_argument("--seed", type=int, default=13)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="recontact-fuzzed-") as folder:
        key = Keys(open_store(Settings(data=Path(folder)))).create("schemathesis", list(Scope))
        environment = {"RECONTACT_KEYS": "required", "RECONTACT_MAX_UNFINISHED_JOBS": "1000000"}
        server = Killed(Path(folder), given.model, None, environment)
        server.start()
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"),
            *(f"{server.url}/openapi.json", "--header", f"Authorization: Bearer {key}", "--checks", "all"),
            *("--max-examples", str(EXAMPLES), "--no-color", "--seed"),
        ]
        calls, seed = 0, given.seed
        while calls < given.calls:
            ended = subprocess.run([*command, str(seed)], capture_output=True, text=True, check=False)
            made = re.search(r"(\d[\d,]*) generated", ended.stdout)
            calls += int(made[1].replace(",", "")) if made else 0
            sys.stdout.write(f"seed {seed}: {calls:,} calls so far\n")
            sys.stdout.flush()
            if ended.returncode or not made:
                sys.stdout.write(ended.stdout[-20_000:] + ended.stderr[-2_000:])
                break
            seed += 1
        server.kill()
        log = (Path(folder) / "server.log").read_text(encoding="utf-8")
    failures = log.count(" ERROR ")
    sys.stdout.write(f"{calls:,} calls, {failures} failures in the server's log\n" + (log[-5_000:] if failures else ""))
    sys.exit(bool(ended.returncode or failures))


if __name__ == "__main__":
    main()
