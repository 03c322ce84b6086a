"""Files of market data: their bytes, cells, times and names, each read strictly."""
