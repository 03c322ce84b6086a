"""Indicators that are updated one observation at a time and whose results do not drift."""

from edgerunner.strategies.indicators.averages import Ema, WilderAverage, Wma
from edgerunner.strategies.indicators.crossover import Crossover
from edgerunner.strategies.indicators.dispersion import BollingerBands, StandardDeviation, ZScore
from edgerunner.strategies.indicators.indicator import Indicator
from edgerunner.strategies.indicators.momentum import Macd, RateOfChange, Rsi, Stochastic
from edgerunner.strategies.indicators.pairs import RollingBeta, RollingCorrelation, SpreadScore
from edgerunner.strategies.indicators.ranges import Atr, Donchian, RollingMaximum, TrueRange
from edgerunner.strategies.indicators.sma import Sma
from edgerunner.strategies.indicators.vwap import Vwap

__all__ = [
    "Atr",
    "BollingerBands",
    "Crossover",
    "Donchian",
    "Ema",
    "Indicator",
    "Macd",
    "RateOfChange",
    "RollingBeta",
    "RollingCorrelation",
    "RollingMaximum",
    "Rsi",
    "Sma",
    "SpreadScore",
    "StandardDeviation",
    "Stochastic",
    "TrueRange",
    "Vwap",
    "WilderAverage",
    "Wma",
    "ZScore",
]
