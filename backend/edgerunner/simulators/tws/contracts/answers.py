"""What the simulated TWS answers to requests about contracts."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.contracts import dated, standing
from edgerunner.simulators.tws.contracts.directory import Directory, NoContract
from edgerunner.simulators.tws.wire import contracts as wire
from edgerunner.simulators.tws.wire.session import ErrorMessage

NOT_FOUND: Final = "No security definition has been found for the request"


class ContractAnswers:
    """Answers requests about contracts from a directory."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        return {
            wire.RequestContractDetails: self.details,
            wire.RequestMatchingSymbols: self.search,
            wire.RequestMarketRule: self.rule,
            wire.RequestOptionParameters: self.option_parameters,
        }

    def details(self, request: wire.RequestContractDetails) -> Answer:
        """Return the details of every contract that fits and the end marker, or error 200 for none."""
        found = self._directory.find(
            request.contract,
            security_id=(request.security_id_type, request.security_id),
            includes_expired=request.includes_expired,
        )
        if not found:
            return (no_contract(request.request_id, NoContract(NOT_FOUND)),)
        now, exchange = self._directory.now(), request.contract.exchange
        rows = [listing.details(request.request_id, exchange, now) for listing in found]
        return (*rows, wire.ContractDetailsEnd(request_id=request.request_id))

    def search(self, request: wire.RequestMatchingSymbols) -> Answer:
        """Return the symbols that begin with the pattern, maybe none."""
        samples = tuple(
            wire.SymbolSample(
                con_id=listing.con_id,
                symbol=listing.symbol,
                sec_type=listing.sec_type,
                primary_exchange=listing.primary_exchange or listing.exchanges[0],
                currency=listing.currency,
                derivatives=tuple(wire.DerivativeType(sec_type=sec_type) for sec_type in derivatives),
                description=listing.long_name,
            )
            for listing, derivatives in self._directory.search(request.pattern)
        )
        return (wire.SymbolSamples(request_id=request.request_id, samples=samples),)

    def rule(self, request: wire.RequestMarketRule) -> Answer:
        """Return the price steps of a rule; the request has no id that an error could name."""
        rule = self._directory.rule(request.rule_id)
        if rule is None:
            return (codes.validation_error(f"Invalid market rule id {request.rule_id}"),)
        return (wire.MarketRule(rule_id=rule.rule_id, increments=rule.increments),)

    def option_parameters(self, request: wire.RequestOptionParameters) -> Answer:
        """Return expirations and strikes per exchange and the end marker; of no options the marker alone."""
        expiries = self._directory.option_chain(request.con_id, request.symbol, request.sec_type)
        if expiries is None:
            return (no_contract(request.request_id, NoContract(NOT_FOUND)),)
        end = wire.OptionParametersEnd(request_id=request.request_id)
        if not expiries or request.future_exchange:
            return (end,)
        rows = (
            wire.OptionParameters(
                request_id=request.request_id,
                exchange=exchange,
                underlying_con_id=request.con_id,
                trading_class=standing.SPY.trading_class,
                multiplier=dated.OPTION_MULTIPLIER,
                expirations=tuple(wire.Expiration(date=f"{day:%Y%m%d}") for day in expiries),
                strikes=tuple(wire.Strike(strike=strike) for strike in dated.STRIKES),
            )
            for exchange in dated.OPTION_EXCHANGES
        )
        return (*rows, end)


def no_contract(request_id: int, reason: NoContract) -> ErrorMessage:
    """Return error 200."""
    return ErrorMessage(request_id=request_id, code=codes.NO_CONTRACT, text=str(reason))
