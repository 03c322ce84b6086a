"""``python -m tests.attacks``: start an instance of its own, attack it, print attack, answer, verdict.

Usage: ``PYTHONPATH=backend python -m tests.attacks [GROUP ...] [--quick]``; exit code 1 when a defence broke.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import httpx

from tests.attacks.bench import Group, World, run, table
from tests.attacks.floods import races, streams, uploads, webhooks
from tests.attacks.requests import bodies, browser, identity, paths, reach
from tests.attacks.wire import wire
from tests.system.product import Product

GROUPS: dict[str, Group] = {
    "identity": identity,
    "browser": browser,
    "wire": wire,
    "bodies": bodies,
    "paths": paths,
    "reach": reach,
    "uploads": uploads,
    "races": races,
    "webhooks": webhooks,
    "streams": streams,
}


async def attacked(product: Product, names: list[str], *, full: bool) -> World:
    """Carry the groups out on a product that has been started."""
    limits = httpx.Limits(max_connections=60)
    stranger = httpx.AsyncClient(base_url=product.url, timeout=60, trust_env=False, limits=limits)
    async with product.client() as http, stranger:
        http.timeout = httpx.Timeout(60)
        world = World(product, http, stranger, full=full)
        await run(world, {name: GROUPS[name] for name in names})
        return world


def main() -> int:
    """Run the groups that are named, all by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; all by default")
    parser.add_argument(
        "--quick", action="store_true", help="leave out what waits for time-outs or opens 1,000 streams"
    )
    wanted = parser.parse_args()
    if unknown := set(wanted.groups) - set(GROUPS):
        parser.error(f"no such group: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder) / "data")
        product.start()
        try:
            world = asyncio.run(attacked(product, wanted.groups or list(GROUPS), full=not wanted.quick))
            sys.stdout.write(table(world.rows) + "\n")
        finally:
            product.end()
    return 0 if all(row.defence_held for row in world.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
