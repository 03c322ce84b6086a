"""Runs other people's clients as processes of their own."""

import asyncio
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
SESSION_S = 120


async def run_client(*command: str | Path) -> str:
    """Run a client's session; return what it printed. Fails when it fails, or after two minutes."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=HERE
    )
    try:
        async with asyncio.timeout(SESSION_S):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        output, _ = await process.communicate()
        pytest.fail(f"the session did not end within {SESSION_S} s\n{output.decode()}")
    sys.stdout.write(output.decode())
    assert process.returncode == 0, output.decode()
    return output.decode()
