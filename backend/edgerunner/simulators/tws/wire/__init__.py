"""The TWS socket protocol in text form, server versions 157 to 178, without any input or output."""
