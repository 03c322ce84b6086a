import type { ConnectRequest } from "@/api/queries/connections";

export type Broker = ConnectRequest["broker"];
export type Environment = ConnectRequest["environment"];

/** One field of the wizard; `name` is the server's, with its place: `credentials.api_key`, `options.account_id`. */
export type FieldTerms = {
  readonly name: string;
  readonly label: string;
  readonly kind: "text" | "secret" | "secret-lines" | "switch" | "whole" | "choice";
  readonly hint?: string;
  readonly placeholder?: string;
  readonly choices?: readonly string[];
  /** Asked for in these environments only; all without it. */
  readonly only?: readonly Environment[];
};

/** One way to reach a broker, such as a terminal in this program or a bridge to one elsewhere. */
export type Way = {
  readonly key: string;
  readonly word: string;
  readonly fields: readonly FieldTerms[];
  readonly hints: readonly string[];
};

export type BrokerTerms = {
  readonly word: string;
  readonly environments: readonly Environment[];
  /** Whether fills can be made here on the broker's prices, without an account. */
  readonly hasLocal: boolean;
  readonly ways: readonly Way[];
  /** Rarely changed; hidden until asked for. */
  readonly more: readonly FieldTerms[];
};

export const ENVIRONMENT_WORDS: Readonly<
  Record<Environment, { readonly word: string; readonly meaning: string }>
> = {
  simulated: { word: "Simulated", meaning: "the simulator of this machine: no account, no key, no money" },
  demo: { word: "Demo", meaning: "the broker's demo account: no money" },
  paper: { word: "Paper", meaning: "the broker's paper account: no money" },
  testnet: { word: "Testnet", meaning: "a separate site with its own accounts and prices: no money" },
  live: { word: "Live", meaning: "real prices; a real account means real money" },
};

const BYBIT: BrokerTerms = {
  word: "Bybit",
  environments: ["simulated", "demo", "testnet", "live"],
  hasLocal: true,
  ways: [
    {
      key: "secret",
      word: "API key and secret",
      fields: [
        { name: "credentials.api_key", label: "API key", kind: "secret" },
        { name: "credentials.api_secret", label: "API secret", kind: "secret" },
        {
          name: "options.account_id",
          label: "Account's UID",
          kind: "text",
          only: ["demo"],
          hint: "The demo service does not tell it; it stands in the account menu.",
        },
      ],
      hints: [
        "Demo: log in, switch to Demo Trading, make the key there. Keys of the main account do not work for demo.",
        "Rights: Orders and Positions of unified trading, Trade for spot. No right to withdraw.",
        "Bind the key to this machine's address (IP whitelist): Bybit refuses it from elsewhere.",
        "A wrong clock of this machine does not matter: requests carry Bybit's time.",
      ],
    },
    {
      key: "rsa",
      word: "API key and RSA key",
      fields: [
        { name: "credentials.api_key", label: "API key", kind: "secret" },
        {
          name: "credentials.private_key",
          label: "Private key (PEM, not encrypted)",
          kind: "secret-lines",
        },
        { name: "options.account_id", label: "Account's UID", kind: "text", only: ["demo"] },
      ],
      hints: ["Register the public key at Bybit as a self-generated API key; the private key stays here."],
    },
  ],
  more: [
    {
      name: "options.trigger_by",
      label: "What triggers conditional orders",
      kind: "choice",
      choices: ["LastPrice", "MarkPrice", "IndexPrice"],
    },
    {
      name: "options.tpsl_mode",
      label: "What attached exits protect",
      kind: "choice",
      choices: ["Full", "Partial"],
      hint: "Full: the whole position. Partial: what the order filled.",
    },
    { name: "options.recv_window_ms", label: "Receive window, ms", kind: "whole", placeholder: "5000" },
    { name: "options.allow_withdrawal_key", label: "Accept a key that may withdraw", kind: "switch" },
  ],
};

const IBKR: BrokerTerms = {
  word: "Interactive Brokers",
  environments: ["simulated", "paper", "live"],
  hasLocal: false,
  ways: [
    {
      key: "gateway",
      word: "TWS or IB Gateway",
      fields: [
        { name: "credentials.host", label: "Host", kind: "text", placeholder: "127.0.0.1" },
        {
          name: "credentials.port",
          label: "Port",
          kind: "text",
          placeholder: "7497 paper, 7496 live",
          hint: "IB Gateway: 4002 paper, 4001 live.",
        },
        {
          name: "credentials.client_id",
          label: "Client id",
          kind: "text",
          placeholder: "follows from the name",
          hint: "Must stay the same: orders belong to it.",
        },
        {
          name: "credentials.account",
          label: "Account",
          kind: "text",
          placeholder: "all of the log-on",
          hint: "Such as DU1234567.",
        },
      ],
      hints: [
        "Log TWS or IB Gateway on with the paper user, or with the live one.",
        "TWS: File, Global Configuration, API, Settings: tick Enable ActiveX and Socket Clients, note the socket port.",
        "Untick Read-Only API to trade; ticked, prices and positions show and orders are refused.",
        "On another machine: put this one's address among the Trusted IPs.",
        "API, Precautions: tick Bypass Order Precautions for API orders, or orders wait for a click in TWS.",
        "Tick Download open orders on connection.",
      ],
    },
  ],
  more: [
    {
      name: "options.delayed_data",
      label: "Take delayed quotes where live ones are not subscribed",
      kind: "switch",
    },
    { name: "options.extended_hours", label: "Bars include extended hours", kind: "switch" },
  ],
};

const MT5_MORE: readonly FieldTerms[] = [
  {
    name: "options.symbol_suffix",
    label: "What the broker appends to names",
    kind: "text",
    placeholder: "found by itself",
  },
  {
    name: "options.server_zone",
    label: "The trade server's time zone",
    kind: "text",
    placeholder: "measured",
  },
  {
    name: "options.deviation_points",
    label: "Most slippage of market orders, points",
    kind: "whole",
    placeholder: "20",
  },
];

const MT5: BrokerTerms = {
  word: "MetaTrader 5",
  environments: ["simulated", "demo", "live"],
  hasLocal: false,
  ways: [
    {
      key: "bridge",
      word: "Bridge to a terminal",
      fields: [
        {
          name: "options.bridge_url",
          label: "Bridge's address",
          kind: "text",
          placeholder: "http://127.0.0.1:8103",
          hint: "https for another machine: the token would travel in clear.",
        },
        { name: "credentials.bridge_token", label: "Bridge's token", kind: "secret" },
        { name: "credentials.login", label: "Account number", kind: "text", hint: "Empty: the terminal's." },
        { name: "credentials.server", label: "Trade server", kind: "text", hint: "Empty: the terminal's." },
      ],
      hints: [
        "Run edgerunner mt5-bridge beside the terminal, with --login of the account: without one it refuses orders.",
        "Switch Algo Trading on in the terminal (Ctrl+E there).",
        "The password stays with the bridge; it is never asked for here.",
        "A live account needs --allow-live at the bridge as well.",
      ],
    },
    {
      key: "process",
      word: "Terminal on this machine",
      fields: [
        { name: "credentials.login", label: "Account number", kind: "text" },
        { name: "credentials.password", label: "Password", kind: "secret" },
        { name: "credentials.server", label: "Trade server", kind: "text" },
        {
          name: "options.path",
          label: "terminal64.exe",
          kind: "text",
          hint: "Needed when there are two terminals.",
        },
      ],
      hints: [
        "Windows, or Python for Windows under Wine, with the MetaTrader5 package installed.",
        "Leave the fields empty to use the account that the terminal is logged in to.",
        "Switch Algo Trading on in the terminal (Ctrl+E there).",
      ],
    },
  ],
  more: MT5_MORE,
};

export const BROKERS: Readonly<Record<Broker, BrokerTerms>> = { bybit: BYBIT, ibkr: IBKR, mt5: MT5 };
