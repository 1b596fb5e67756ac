"""A signal ends a command the way it would end by itself: everything let go, nothing left behind, exit code 0."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_demo_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "mentionbridge", "demo", "--port", "0"]
    here = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=here, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as demo:
        assert demo.stderr is not None
        for line in demo.stderr:
            if b"Stop with Ctrl-C" in line:
                break
        demo.send_signal(number)
        _, told = demo.communicate(timeout=30)
    assert (demo.returncode, b"Traceback" in told) == (0, False), told.decode()
    assert list(tmp_path.iterdir()) == []
