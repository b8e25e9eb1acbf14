"""Every benchmark, one after another: ``make bench``.

Peers (moto's server, ministack, HAProxy, aiohttp) are installed into .bench-venv first. Figures are
ratios within one run; copy what is worth keeping to benchmarks/RESULTS.md, with the date.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE.parent / ".bench-venv"
PACKAGES = ("moto[server]>=5.2,<6", "ministack>=1.5,<2")


def main() -> int:
    """Run all scripts beside this one; the number of those that failed."""
    if not (PEERS / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        pip = [str(PEERS / "bin" / "python"), "-m", "pip", "install", "--quiet", *PACKAGES]
        subprocess.run(pip, check=True)
    failed = 0
    environment = os.environ | {"UNDERSTUDY_BENCH_PEERS": str(PEERS / "bin")}
    for script in sorted(HERE.glob("*.py")):
        if script.name == Path(__file__).name:
            continue
        print(f"\n## {script.stem}\n", flush=True)
        failed += bool(subprocess.run([sys.executable, str(script)], env=environment).returncode)
    return failed


if __name__ == "__main__":
    sys.exit(main())
