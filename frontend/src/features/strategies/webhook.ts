/** Where alerts for a strategy are posted: the API's address as this page reaches it. */
export function webhookAddress(apiPath: string, page: string, strategyId: string): string {
  const api = new URL(apiPath, page).href.replace(/\/$/, "");
  return `${api}/signals/${strategyId}`;
}

/** The message of an alert on a Pine strategy, as TradingView fills it in. */
export function alertMessage(secret: string): string {
  return JSON.stringify({
    secret,
    action: "{{strategy.order.action}}",
    quantity: "{{strategy.order.contracts}}",
    id: "{{strategy.order.id}} {{ticker}} {{timenow}}",
  });
}

/** Whether senders outside of this machine cannot reach an address. */
export function isOnlyHere(address: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(address).hostname);
}
