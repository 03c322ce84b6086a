"""Labels of the Strategy Tester's HTML report by language.

English from published reports; German from programs that read German ones; Russian from memory, so the least certain.
A language that is not here is no error: its report comes back as raw labels and values, with a warning.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """Names of the numbers behind a label: of the first, and of the one in parentheses."""

    first: str
    second: str | None = None


def _m(first: str, second: str | None = None) -> Metric:
    return Metric(first=first, second=second)


METRICS: Mapping[str, Metric] = {
    "history quality": _m("history_quality_percent"),
    "bars": _m("bars"),
    "ticks": _m("ticks"),
    "initial deposit": _m("initial_deposit"),
    "total net profit": _m("net_profit"),
    "gross profit": _m("gross_profit"),
    "gross loss": _m("gross_loss"),
    "profit factor": _m("profit_factor"),
    "expected payoff": _m("expected_payoff"),
    "recovery factor": _m("recovery_factor"),
    "sharpe ratio": _m("sharpe_ratio"),
    "margin level": _m("margin_level_percent"),
    "z-score": _m("z_score", "z_score_percent"),
    "ahpr": _m("average_holding_return", "average_holding_return_percent"),
    "ghpr": _m("geometric_holding_return", "geometric_holding_return_percent"),
    "lr correlation": _m("regression_correlation"),
    "lr standard error": _m("regression_standard_error"),
    "ontester result": _m("on_tester_result"),
    "balance drawdown absolute": _m("balance_drawdown_absolute"),
    "balance drawdown maximal": _m("balance_drawdown_maximal", "balance_drawdown_maximal_percent"),
    "balance drawdown relative": _m("balance_drawdown_relative_percent", "balance_drawdown_relative"),
    "equity drawdown absolute": _m("equity_drawdown_absolute"),
    "equity drawdown maximal": _m("equity_drawdown_maximal", "equity_drawdown_maximal_percent"),
    "equity drawdown relative": _m("equity_drawdown_relative_percent", "equity_drawdown_relative"),
    "total trades": _m("total_trades"),
    "total deals": _m("total_deals"),
    "short trades (won %)": _m("short_trades", "short_trades_won_percent"),
    "long trades (won %)": _m("long_trades", "long_trades_won_percent"),
    "profit trades (% of total)": _m("profit_trades", "profit_trades_percent"),
    "loss trades (% of total)": _m("loss_trades", "loss_trades_percent"),
    "largest profit trade": _m("largest_profit_trade"),
    "largest loss trade": _m("largest_loss_trade"),
    "average profit trade": _m("average_profit_trade"),
    "average loss trade": _m("average_loss_trade"),
    "maximum consecutive wins ($)": _m("consecutive_wins_maximum", "consecutive_wins_maximum_profit"),
    "maximum consecutive losses ($)": _m("consecutive_losses_maximum", "consecutive_losses_maximum_loss"),
    "maximal consecutive profit (count)": _m("consecutive_profit_maximum", "consecutive_profit_maximum_count"),
    "maximal consecutive loss (count)": _m("consecutive_loss_maximum", "consecutive_loss_maximum_count"),
    "average consecutive wins": _m("consecutive_wins_average"),
    "average consecutive losses": _m("consecutive_losses_average"),
}
"""By the English label, lower case."""

SETTINGS: Mapping[str, str] = {
    "expert": "expert",
    "symbol": "symbol",
    "period": "period",
    "company": "company",
    "currency": "currency",
    "initial deposit": "deposit",
    "leverage": "leverage",
    "inputs": "inputs",
}

_GERMAN = {
    "expertenprogramm": "expert",
    "symbol": "symbol",
    "periode": "period",
    "eingaben": "inputs",
    "firma": "company",
    "währung": "currency",
    "ersteinlage": "initial deposit",
    "hebel": "leverage",
    "qualität der historie": "history quality",
    "balken": "bars",
    "ticks": "ticks",
    "nettogewinn gesamt": "total net profit",
    "bruttogewinn": "gross profit",
    "bruttoverlust": "gross loss",
    "profitfaktor": "profit factor",
    "erwartetes ergebnis": "expected payoff",
    "sharpe-ratio": "sharpe ratio",
    "rückgang kontostand maximal": "balance drawdown maximal",
    "rückgang equity maximal": "equity drawdown maximal",
    "gesamtanzahl trades": "total trades",
    "sell-positionen (davon gewonnen %)": "short trades (won %)",
    "buy-positionen (davon gewonnen %)": "long trades (won %)",
    "gewonnene trades (in % von gesamt)": "profit trades (% of total)",
}

_RUSSIAN = {
    "советник": "expert",
    "символ": "symbol",
    "период": "period",
    "входные параметры": "inputs",
    "компания": "company",
    "валюта": "currency",
    "начальный депозит": "initial deposit",
    "плечо": "leverage",
    "качество истории": "history quality",
    "бары": "bars",
    "тики": "ticks",
    "чистая прибыль": "total net profit",
    "общая прибыль": "gross profit",
    "общий убыток": "gross loss",
    "прибыльность": "profit factor",
    "матожидание выигрыша": "expected payoff",
    "фактор восстановления": "recovery factor",
    "коэффициент шарпа": "sharpe ratio",
    "максимальная просадка баланса": "balance drawdown maximal",
    "максимальная просадка средств": "equity drawdown maximal",
    "всего трейдов": "total trades",
    "всего сделок": "total deals",
}

LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": {label: label for label in (*METRICS, *SETTINGS)},
    "de": _GERMAN,
    "ru": _RUSSIAN,
}
"""The English label by a language's own, lower case."""

REQUIRED = ("total net profit", "total trades")
"""A language is recognised by these two."""
