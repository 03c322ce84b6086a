"""The public wire of the product: Pydantic models of requests, answers and stream messages."""
