"""Record the terminal pictures of docs/command-line.md: every command, run against a real engine.

Run: python docs/pictures.py. The pictures are SVG, drawn by rich from what the commands printed.
"""

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from understudy.testing.processes import wait_for

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
WIDTH = 96

TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: dev}
  Capacity: {Type: Number, Default: 2}
Resources:
  Models:
    Type: AWS::S3::Bucket
    Properties:
      Tags: [{Key: stage, Value: !Ref Stage}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      Description: !Sub "Reads ${Models}"
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: sagemaker.amazonaws.com}
            Action: sts:AssumeRole
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/S3
      MetricName: BucketSizeBytes
      Dimensions: [{Name: BucketName, Value: !Ref Models}]
      Statistic: Average
      Period: 300
      EvaluationPeriods: !Ref Capacity
      Threshold: 1000000
      ComparisonOperator: GreaterThanThreshold
Outputs:
  Bucket: {Value: !Ref Models}
"""
CHANGED = TEMPLATE.replace(
    "Description: !Sub", "RoleName: reads-models\n      Description: !Sub"
).replace("  Alarm:", "  SizeAlarm:")
WRONG = TEMPLATE.replace("!Ref Stage", "!Ref Stag").replace("Statistic: Average", "Statistik: p99")

ENVIRONMENTS = """\
stack-name = "scoring"

[environments.test]
parameters = {Stage = "test", Capacity = 3}
"""

PLAN = ("plan", "--output", "plan.json", "--stack-name", "scoring")
COMMANDS: list[tuple[str, str, tuple[str, ...]]] = [
    ("validate", WRONG, ("validate",)),
    ("tree", TEMPLATE, ("tree",)),
    ("deploy", TEMPLATE, ("deploy", "--yes", "--stack-name", "scoring")),
    ("outputs", TEMPLATE, ("outputs", "scoring")),
    ("events", TEMPLATE, ("events", "scoring")),
    ("diff", CHANGED, ("diff", "--stack-name", "scoring", "-p", "Stage=prod")),
    ("plan", CHANGED, PLAN),
    ("deploy-plan", CHANGED, ("deploy", "plan.json")),
    ("history", CHANGED, ("history", "scoring")),
    ("rollback", CHANGED, ("rollback", "scoring", "--to", "1", "--yes")),
    ("environments", TEMPLATE, ("deploy", "--env", "test", "--yes")),
    ("drift", TEMPLATE, ("drift", "scoring")),
    ("json", TEMPLATE, ("events", "scoring-test", "--json")),
    ("destroy", TEMPLATE, ("destroy", "scoring-test", "--yes")),
]
"""Name of the picture, the template at that time, and the command."""


def main() -> None:
    """Record all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = folder / "state"
        run(folder, "up", "--detach", "--port", "0", "--state", str(state))
        try:
            (folder / "understudy.toml").write_text(ENVIRONMENTS)
            for picture, template, command in COMMANDS:
                (folder / "template.yaml").write_text(template)
                place = () if command[0] == "validate" else ("--state", str(state))
                said = run(folder, *command, *place)
                record(picture, command, said.replace(name, "/project"))
            run(folder, "tree", "--svg", str(PICTURES / "dependencies.svg"))
            (folder / "template.yaml").write_text(TEMPLATE)
            watch = ("watch", "--stack-name", "watched", "-p", "Stage=dev")
            said = watched(folder, *watch, "--state", str(state))
            record("watch", watch, said.replace(name, "/project"))
        finally:
            run(folder, "down", "--state", str(state))


def environment() -> dict[str, str]:
    """That of a command on a terminal of colours."""
    return {
        **os.environ,
        "FORCE_COLOR": "1",
        "COLUMNS": str(WIDTH),
        "LINES": "40",
        "TERM": "xterm-256color",
        "PYTHONPATH": str(HERE.parent / "src"),
    }


def run(folder: Path, *arguments: str) -> str:
    """What a command prints on a terminal of colours, as it is left there in the end."""
    done = subprocess.run(
        [sys.executable, "-m", "understudy", *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    said = done.stdout.decode()  # By hand, so that a carriage return stays one.
    if "Traceback" in said or "No module named" in said:
        raise RuntimeError(said)
    return settled(said)


def watched(folder: Path, *arguments: str) -> str:
    """What `watch` prints while a template is saved once, and is then told to end."""
    out = folder / "watched.txt"
    with out.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "understudy", *arguments],
            cwd=folder,
            env=environment(),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            until(out, 1)
            template = folder / "template.yaml"
            template.write_text(template.read_text().replace("Threshold: 1000000", "Threshold: 5"))
            until(out, 2)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    return settled(out.read_bytes().decode())


def until(out: Path, times: int) -> None:
    """Wait until what is watched has been deployed so many times. Raises AssertionError."""
    wait_for(lambda: out.read_bytes().count(b"Watching; Ctrl-C ends it.") >= times, 120)


def settled(text: str) -> str:
    r"""What is left on a terminal of what was drawn again and again in place.

    >>> settled("one\ntwo\r\x1b[2K\x1b[1A\x1b[2Kthree\n")
    'three\n'
    """
    lines = [""]
    for part in re.split(r"(\n|\r|\x1b\[1A|\x1b\[2K|\x1b\[\?25[lh])", text):
        if part == "\n":
            lines.append("")
        elif part == "\x1b[1A":
            lines = lines[:-1] or [""]
        elif part == "\x1b[2K":
            lines[-1] = ""
        elif not part.startswith(("\r", "\x1b[?25")):
            lines[-1] += part
    return "\n".join(lines)


def record(name: str, command: tuple[str, ...], said: str) -> None:
    """Write the picture of a command and what it printed."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.assemble(("$ ", "dim"), (f"understudy {' '.join(command)}", "bold")))
    console.print(Text.from_ansi(said.rstrip()))
    console.save_svg(str(PICTURES / f"{name}.svg"), title=f"understudy {command[0]}")


if __name__ == "__main__":
    main()
