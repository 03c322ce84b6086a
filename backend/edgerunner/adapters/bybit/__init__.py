"""Bybit V5: transport, wire shapes and mapping behind the adapter."""
