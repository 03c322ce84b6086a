"""The public surface of the `MetaTrader5` package 5.0.6231 as data: constants, structs, dtypes, texts, signatures."""
