"""Every channel says what the OpenAPI document says it says."""

from pathlib import Path

import jsonschema  # type: ignore[import-untyped] # it ships no types

from edgerunner.domain.market import Timeframe
from edgerunner.services.alert_service import AlertLevel
from tests.api.harness import CONNECTION_ID, LINEAR_ID, served_api
from tests.api.test_stream import reading


async def test_what_every_channel_says_fits_its_schema(tmp_path: Path) -> None:
    async with served_api(tmp_path) as api:
        await api.connect()
        api.broker.bars[LINEAR_ID, Timeframe("1m")] = []
        document = (await api.http.get("/openapi.json")).json()
        names = {base: base for base in document["x-stream-channels"]}
        names |= {feed: f"{feed}:{CONNECTION_ID}:{LINEAR_ID}" for feed in ("quotes", "trades")}
        names |= {"bars": f"bars:{CONNECTION_ID}:{LINEAR_ID}:1m"}
        del names["depth"]  # its shape is that of GET /market/depth, and the fake broker has no book
        assert (await api.trade(client_order_id="A1")).status_code == 201
        api.broker.fill("A1", "0.4", "100", fee="0.02")
        api.services.alerts.raise_alert(AlertLevel.WARNING, "example", "Look at this.", CONNECTION_ID)
        async with reading(api) as client:
            for base, name in names.items():
                await client.send(op="subscribe", channel=name)
                snapshot = await client.of(name, "snapshot")
                schema = {**document["x-stream-channels"][base], "components": document["components"]}
                jsonschema.Draft202012Validator(schema).validate(snapshot["data"])
            api.broker.fill("A1", "0.6", "100", fee="0.02")
            for base in ("orders", "fills"):
                delta = await client.of(base)
                schema = {**document["x-stream-channels"][base], "components": document["components"]}
                jsonschema.Draft202012Validator(schema).validate(delta["data"])
