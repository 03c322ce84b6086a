/** Every screen there is, by the address below /app. */
export const PLACES = [
  "/trade",
  "/portfolio",
  "/orders",
  "/strategies",
  "/backtest",
  "/brokers",
  "/risk",
  "/journal",
  "/settings",
  "/settings/account",
  "/settings/keys",
  "/settings/users",
  "/settings/audit",
];
