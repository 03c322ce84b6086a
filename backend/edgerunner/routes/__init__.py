"""HTTP and WebSocket only: parse, call a service, render."""
