//+------------------------------------------------------------------+
//| EdgerunnerBridge.mq5                                             |
//| Reference EA of Edgerunner OS (MIT licence, see LICENSE).        |
//|                                                                  |
//| NOT COMPILED BY METAEDITOR BY US: there is none where this was   |
//| written. It passes the g++ check of mt5/shim and was exercised   |
//| through that shim against the real EA link. Compile it in        |
//| MetaEditor (F7) and try it on a demo account first.              |
//|                                                                  |
//| It connects out to the EA link (pure MQL5 cannot listen), says   |
//| hello with its token, pushes ticks and trade transactions, and   |
//| answers JSON commands, one object per line. No DLL.              |
//| Allow the link's address first: Tools, Options, Expert Advisors, |
//| "Allow WebRequest for listed URL" (sockets use the same list).   |
//| Protocol: docs/mt5-bridge.md, "EA link".                         |
//+------------------------------------------------------------------+
#property copyright "Edgerunner OS developers"
#property version   "1.00"

input group "EA link (filled in by Edgerunner when it launches the EA)"
input string InpBridgeHost  = "127.0.0.1";  // Address of the EA link
input int    InpBridgePort  = 8105;         // Port of the EA link
input string InpBridgeToken = "";           // Token
input string InpSession     = "";           // Name of the launch, empty = attached by hand
input bool   InpTls         = false;        // TLS: needed when the address is not this machine
input group "What it does"
input bool   InpPushTicks      = true;      // Push ticks of the chart and of subscribed symbols
input int    InpTimerMs        = 100;       // How often commands are read, in ms
input bool   InpAllowTrading   = false;     // Carry out trading commands
input bool   InpAllowLive      = false;     // ... also on a real account
input double InpMaxVolume      = 1.0;       // Largest volume of one order, in lots

#define EA_NAME          "EdgerunnerBridge"
#define EA_VERSION       "1.00"
#define PROTOCOL_VERSION 1
#define MAX_LINE         65536
#define MAX_SYMBOLS      32
#define CONNECT_MS       3000
#define BACKOFF_MAX_MS   30000

int    g_socket     = INVALID_HANDLE;
bool   g_welcomed   = false;
long   g_seq        = 0;
string g_inbox      = "";
int    g_backoff    = 1000;
int    g_silence    = 15000;
ulong  g_retry_at   = 0;
ulong  g_sent_at    = 0;
ulong  g_heard_at   = 0;
ulong  g_beat_at    = 0;
int    g_symbols    = 0;
string g_symbol[MAX_SYMBOLS];
long   g_tick_at[MAX_SYMBOLS];

//--- JSON out ------------------------------------------------------

string JsonString(const string text)
  {
   string out = "\"";
   int length = StringLen(text);
   for(int i = 0; i < length; i++)
     {
      ushort c = StringGetCharacter(text, i);
      if(c == '"')
         out += "\\\"";
      else if(c == '\\')
         out += "\\\\";
      else if(c < 32 || c == 127)
         out += "\\u00" + HexByte(c);
      else
         out += ShortToString(c);
     }
   return out + "\"";
  }

string HexByte(const int value)
  {
   string digits = "0123456789abcdef";
   return StringSubstr(digits, (value / 16) % 16, 1) + StringSubstr(digits, value % 16, 1);
  }

string JsonNumber(const double value, const int digits)
  {
   if(!MathIsValidNumber(value))
      return "0";
   return DoubleToString(value, digits);
  }

string JsonInteger(const long value) { return IntegerToString(value); }

string JsonBool(const bool value) { return value ? "true" : "false"; }

int DigitsOf(const string symbol)
  {
   if(symbol == "")
      return 8;
   return (int)SymbolInfoInteger(symbol, SYMBOL_DIGITS);
  }

//--- JSON in: one object, its members by name -----------------------

int SkipBlank(const string text, int at)
  {
   int length = StringLen(text);
   while(at < length)
     {
      ushort c = StringGetCharacter(text, at);
      if(c != ' ' && c != '\t' && c != '\r' && c != '\n')
         break;
      at++;
     }
   return at;
  }

// Returns the place behind a JSON string that begins at a quotation mark, -1 = it does not end.
int SkipString(const string text, int at)
  {
   int length = StringLen(text);
   for(at++; at < length; at++)
     {
      ushort c = StringGetCharacter(text, at);
      if(c == '\\')
         at++;
      else if(c == '"')
         return at + 1;
     }
   return -1;
  }

// Returns the place behind a value, -1 = it does not end.
int SkipValue(const string text, int at)
  {
   int length = StringLen(text);
   int depth = 0;
   while(at < length)
     {
      ushort c = StringGetCharacter(text, at);
      if(c == '"')
        {
         at = SkipString(text, at);
         if(at < 0)
            return -1;
         if(depth == 0)
            return at;
         continue;
        }
      if(c == '{' || c == '[')
         depth++;
      else if(c == '}' || c == ']')
        {
         if(depth == 0)
            return at;
         depth--;
         if(depth == 0)
            return at + 1;
        }
      else if(depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n'))
         return at;
      at++;
     }
   return depth == 0 ? at : -1;
  }

// Puts the raw text of a member of an object into `raw`; false = there is none, or this is no object.
bool JsonMember(const string text, const string key, string &raw)
  {
   int at = SkipBlank(text, 0);
   if(at >= StringLen(text) || StringGetCharacter(text, at) != '{')
      return false;
   at = SkipBlank(text, at + 1);
   while(at < StringLen(text) && StringGetCharacter(text, at) == '"')
     {
      int name_end = SkipString(text, at);
      if(name_end < 0)
         return false;
      string name = JsonText(StringSubstr(text, at, name_end - at));
      at = SkipBlank(text, name_end);
      if(at >= StringLen(text) || StringGetCharacter(text, at) != ':')
         return false;
      at = SkipBlank(text, at + 1);
      int value_end = SkipValue(text, at);
      if(value_end < 0)
         return false;
      if(name == key)
        {
         raw = StringSubstr(text, at, value_end - at);
         return true;
        }
      at = SkipBlank(text, value_end);
      if(at >= StringLen(text) || StringGetCharacter(text, at) != ',')
         return false;
      at = SkipBlank(text, at + 1);
     }
   return false;
  }

int HexValue(const string digits)
  {
   int value = 0;
   for(int i = 0; i < StringLen(digits); i++)
     {
      int place = StringFind("0123456789abcdefABCDEF", StringSubstr(digits, i, 1));
      if(place < 0)
         return -1;
      value = value * 16 + (place < 16 ? place : place - 6);
     }
   return value;
  }

// Returns what a JSON string means; anything else stays as it is (numbers, true, null).
string JsonText(const string raw)
  {
   int length = StringLen(raw);
   if(length < 2 || StringGetCharacter(raw, 0) != '"')
      return raw;
   string out = "";
   for(int i = 1; i < length - 1; i++)
     {
      ushort c = StringGetCharacter(raw, i);
      if(c != '\\')
        {
         out += ShortToString(c);
         continue;
        }
      i++;
      c = StringGetCharacter(raw, i);
      if(c == 'n')
         out += "\n";
      else if(c == 't')
         out += "\t";
      else if(c == 'r')
         out += "\r";
      else if(c == 'u')
        {
         int code = HexValue(StringSubstr(raw, i + 1, 4));
         if(code > 0)
            out += ShortToString((ushort)code);
         i += 4;
        }
      else
         out += ShortToString(c);
     }
   return out;
  }

string ArgText(const string args, const string key, const string otherwise)
  {
   string raw = "";
   return JsonMember(args, key, raw) ? JsonText(raw) : otherwise;
  }

// Numbers come as JSON numbers or, to keep every digit, as strings.
double ArgDouble(const string args, const string key) { return StringToDouble(ArgText(args, key, "0")); }

long ArgLong(const string args, const string key) { return StringToInteger(ArgText(args, key, "0")); }

//--- the socket ------------------------------------------------------

void Disconnect(const string why)
  {
   if(g_socket == INVALID_HANDLE)
      return;
   Print("EA link: ", why);
   SocketClose(g_socket);
   g_socket = INVALID_HANDLE;
   g_welcomed = false;
   g_inbox = "";
   g_retry_at = GetTickCount64() + (ulong)g_backoff;
   g_backoff = MathMin(g_backoff * 2, BACKOFF_MAX_MS);
  }

bool SendLine(const string line)
  {
   if(g_socket == INVALID_HANDLE)
      return false;
   uchar data[];
   int length = StringToCharArray(line + "\n", data, 0, WHOLE_ARRAY, CP_UTF8) - 1; // without the closing zero
   int sent = InpTls ? SocketTlsSend(g_socket, data, (uint)length) : SocketSend(g_socket, data, (uint)length);
   if(sent != length)
     {
      Disconnect("sending failed, error " + IntegerToString(GetLastError()));
      return false;
     }
   g_sent_at = GetTickCount64();
   return true;
  }

// Every push has the next number, also one that cannot be sent: the link sees the hole.
bool Push(const string type, const string members)
  {
   g_seq++;
   if(!g_welcomed)
      return false;
   return SendLine("{\"type\":\"" + type + "\",\"seq\":" + JsonInteger(g_seq) + (members == "" ? "" : "," + members) + "}");
  }

bool IsDemo() { return AccountInfoInteger(ACCOUNT_TRADE_MODE) != ACCOUNT_TRADE_MODE_REAL; }

bool MayTrade()
  {
   return InpAllowTrading && (IsDemo() || InpAllowLive) && MQLInfoInteger(MQL_TRADE_ALLOWED) != 0
          && TerminalInfoInteger(TERMINAL_TRADE_ALLOWED) != 0;
  }

void Connect()
  {
   g_socket = SocketCreate();
   if(g_socket == INVALID_HANDLE)
     {
      g_retry_at = GetTickCount64() + BACKOFF_MAX_MS;
      Print("EA link: no socket, error ", GetLastError());
      return;
     }
   if(!SocketConnect(g_socket, InpBridgeHost, (uint)InpBridgePort, CONNECT_MS))
     {
      Disconnect("no connection to " + InpBridgeHost + ":" + IntegerToString(InpBridgePort) + ", error "
                 + IntegerToString(GetLastError()) + " (4014: allow the address in Tools, Options, Expert Advisors)");
      return;
     }
   if(InpTls && !SocketTlsHandshake(g_socket, InpBridgeHost))
     {
      Disconnect("the TLS handshake failed, error " + IntegerToString(GetLastError()));
      return;
     }
   g_heard_at = GetTickCount64();
   g_seq++;
   SendLine("{\"type\":\"hello\",\"seq\":" + JsonInteger(g_seq) + ",\"protocol\":" + JsonInteger(PROTOCOL_VERSION)
            + ",\"token\":" + JsonString(InpBridgeToken) + ",\"session\":" + JsonString(InpSession)
            + ",\"expert\":" + JsonString(EA_NAME) + ",\"version\":" + JsonString(EA_VERSION)
            + ",\"build\":" + JsonInteger(TerminalInfoInteger(TERMINAL_BUILD))
            + ",\"login\":" + JsonInteger(AccountInfoInteger(ACCOUNT_LOGIN))
            + ",\"server\":" + JsonString(AccountInfoString(ACCOUNT_SERVER))
            + ",\"demo\":" + JsonBool(IsDemo()) + ",\"trade\":" + JsonBool(MayTrade())
            + ",\"symbol\":" + JsonString(_Symbol)
            + ",\"period\":" + JsonString(EnumToString((ENUM_TIMEFRAMES)_Period)) + "}");
  }

void Receive()
  {
   uint waiting = InpTls ? MAX_LINE : SocketIsReadable(g_socket);
   if(waiting == 0)
     {
      if(!SocketIsConnected(g_socket))
         Disconnect("the link closed the connection");
      return;
     }
   uchar data[];
   int got = InpTls ? SocketTlsReadAvailable(g_socket, data, (uint)MathMin((long)waiting, MAX_LINE))
                    : SocketRead(g_socket, data, (uint)MathMin((long)waiting, MAX_LINE), 10);
   if(got < 0)
     {
      Disconnect("reading failed, error " + IntegerToString(GetLastError()));
      return;
     }
   if(got == 0)
      return;
   g_heard_at = GetTickCount64();
   g_inbox += CharArrayToString(data, 0, got, CP_UTF8);
   int end = StringFind(g_inbox, "\n");
   while(end >= 0 && g_socket != INVALID_HANDLE)
     {
      string line = StringSubstr(g_inbox, 0, end);
      g_inbox = StringSubstr(g_inbox, end + 1);
      Obey(line);
      end = StringFind(g_inbox, "\n");
     }
   if(StringLen(g_inbox) > MAX_LINE)
      Disconnect("a line is longer than " + IntegerToString(MAX_LINE));
  }

//--- commands --------------------------------------------------------

void Obey(const string line)
  {
   string type = ArgText(line, "type", "");
   if(type == "welcome")
     {
      g_welcomed = true;
      g_backoff = 1000;
      g_silence = (int)MathMax(ArgLong(line, "silence_ms"), 3000);
      Print("EA link: connected to ", InpBridgeHost, ":", InpBridgePort);
     }
   else if(type == "refused")
     {
      g_backoff = BACKOFF_MAX_MS;
      Disconnect("refused: " + ArgText(line, "code", ""));
     }
   else if(type == "command")
     {
      string args = "{}";
      JsonMember(line, "args", args);
      Command(ArgLong(line, "id"), ArgText(line, "name", ""), args);
     }
   else if(type != "heartbeat")
      Disconnect("a line that this version does not know");
  }

void Reply(const long id, const string result)
  {
   Push("reply", "\"id\":" + JsonInteger(id) + ",\"ok\":true,\"result\":" + result + ",\"error\":\"\"");
  }

void Refuse(const long id, const string why)
  {
   Push("reply", "\"id\":" + JsonInteger(id) + ",\"ok\":false,\"result\":{},\"error\":" + JsonString(why));
  }

void Command(const long id, const string name, const string args)
  {
   if(name == "ping")
      Reply(id, "{\"time\":" + JsonInteger((long)TimeTradeServer()) + "}");
   else if(name == "account")
      Reply(id, AccountJson());
   else if(name == "positions")
      Reply(id, PositionsJson());
   else if(name == "orders")
      Reply(id, OrdersJson());
   else if(name == "subscribe")
      Subscribe(id, ArgText(args, "symbol", ""));
   else if(name == "unsubscribe")
      Unsubscribe(id, ArgText(args, "symbol", ""));
   else if(name == "order_send")
      OrderCommand(id, args);
   else if(name == "close")
      CloseCommand(id, args);
   else
      Refuse(id, "unknown command " + name);
  }

string AccountJson()
  {
   int digits = (int)AccountInfoInteger(ACCOUNT_CURRENCY_DIGITS);
   return "{\"login\":" + JsonInteger(AccountInfoInteger(ACCOUNT_LOGIN))
          + ",\"server\":" + JsonString(AccountInfoString(ACCOUNT_SERVER))
          + ",\"currency\":" + JsonString(AccountInfoString(ACCOUNT_CURRENCY))
          + ",\"balance\":\"" + JsonNumber(AccountInfoDouble(ACCOUNT_BALANCE), digits)
          + "\",\"equity\":\"" + JsonNumber(AccountInfoDouble(ACCOUNT_EQUITY), digits)
          + "\",\"margin\":\"" + JsonNumber(AccountInfoDouble(ACCOUNT_MARGIN), digits)
          + "\",\"margin_free\":\"" + JsonNumber(AccountInfoDouble(ACCOUNT_MARGIN_FREE), digits) + "\"}";
  }

string PositionsJson()
  {
   string rows = "";
   int total = PositionsTotal();
   for(int i = 0; i < total; i++)
     {
      ulong ticket = PositionGetTicket(i);
      if(ticket == 0)
         continue;
      string symbol = PositionGetString(POSITION_SYMBOL);
      int digits = DigitsOf(symbol);
      rows += (rows == "" ? "" : ",");
      rows += "{\"ticket\":" + JsonInteger((long)ticket) + ",\"symbol\":" + JsonString(symbol)
              + ",\"type\":" + JsonInteger(PositionGetInteger(POSITION_TYPE))
              + ",\"magic\":" + JsonInteger(PositionGetInteger(POSITION_MAGIC))
              + ",\"volume\":\"" + JsonNumber(PositionGetDouble(POSITION_VOLUME), 8)
              + "\",\"price_open\":\"" + JsonNumber(PositionGetDouble(POSITION_PRICE_OPEN), digits)
              + "\",\"sl\":\"" + JsonNumber(PositionGetDouble(POSITION_SL), digits)
              + "\",\"tp\":\"" + JsonNumber(PositionGetDouble(POSITION_TP), digits)
              + "\",\"profit\":\"" + JsonNumber(PositionGetDouble(POSITION_PROFIT), 2)
              + "\",\"comment\":" + JsonString(PositionGetString(POSITION_COMMENT)) + "}";
     }
   return "{\"positions\":[" + rows + "]}";
  }

string OrdersJson()
  {
   string rows = "";
   int total = OrdersTotal();
   for(int i = 0; i < total; i++)
     {
      ulong ticket = OrderGetTicket(i);
      if(ticket == 0)
         continue;
      string symbol = OrderGetString(ORDER_SYMBOL);
      rows += (rows == "" ? "" : ",");
      rows += "{\"ticket\":" + JsonInteger((long)ticket) + ",\"symbol\":" + JsonString(symbol)
              + ",\"type\":" + JsonInteger(OrderGetInteger(ORDER_TYPE))
              + ",\"magic\":" + JsonInteger(OrderGetInteger(ORDER_MAGIC))
              + ",\"volume\":\"" + JsonNumber(OrderGetDouble(ORDER_VOLUME_CURRENT), 8)
              + "\",\"price_open\":\"" + JsonNumber(OrderGetDouble(ORDER_PRICE_OPEN), DigitsOf(symbol))
              + "\",\"comment\":" + JsonString(OrderGetString(ORDER_COMMENT)) + "}";
     }
   return "{\"orders\":[" + rows + "]}";
  }

int PlaceOfSymbol(const string symbol)
  {
   for(int i = 0; i < g_symbols; i++)
      if(g_symbol[i] == symbol)
         return i;
   return -1;
  }

void Subscribe(const long id, const string symbol)
  {
   if(PlaceOfSymbol(symbol) < 0)
     {
      if(g_symbols >= MAX_SYMBOLS)
        {
         Refuse(id, "too many symbols");
         return;
        }
      if(!SymbolSelect(symbol, true))
        {
         Refuse(id, "no symbol " + symbol);
         return;
        }
      g_symbol[g_symbols] = symbol;
      g_tick_at[g_symbols] = 0;
      g_symbols++;
     }
   Reply(id, "{\"symbols\":" + JsonInteger(g_symbols) + "}");
  }

void Unsubscribe(const long id, const string symbol)
  {
   int place = PlaceOfSymbol(symbol);
   if(place >= 0)
     {
      g_symbols--;
      g_symbol[place] = g_symbol[g_symbols];
      g_tick_at[place] = g_tick_at[g_symbols];
     }
   Reply(id, "{\"symbols\":" + JsonInteger(g_symbols) + "}");
  }

string WhyNoTrade(const double volume)
  {
   if(!InpAllowTrading)
      return "InpAllowTrading is off";
   if(!IsDemo() && !InpAllowLive)
      return "the account is real and InpAllowLive is off";
   if(!MayTrade())
      return "trading is not allowed in the terminal or for this EA";
   if(volume > InpMaxVolume)
      return "the volume is above InpMaxVolume";
   return "";
  }

void SendRequest(const long id, MqlTradeRequest &request)
  {
   MqlTradeResult result;
   ZeroMemory(result);
   bool ok = OrderSend(request, result);
   int digits = DigitsOf(request.symbol);
   Reply(id, "{\"sent\":" + JsonBool(ok) + ",\"retcode\":" + JsonInteger((long)result.retcode)
         + ",\"deal\":" + JsonInteger((long)result.deal) + ",\"order\":" + JsonInteger((long)result.order)
         + ",\"volume\":\"" + JsonNumber(result.volume, 8) + "\",\"price\":\"" + JsonNumber(result.price, digits)
         + "\",\"bid\":\"" + JsonNumber(result.bid, digits) + "\",\"ask\":\"" + JsonNumber(result.ask, digits)
         + "\",\"comment\":" + JsonString(result.comment)
         + ",\"request_id\":" + JsonInteger((long)result.request_id) + "}");
  }

void OrderCommand(const long id, const string args)
  {
   double volume = ArgDouble(args, "volume");
   string why = WhyNoTrade(volume);
   if(why != "")
     {
      Refuse(id, why);
      return;
     }
   MqlTradeRequest request;
   ZeroMemory(request);
   request.action       = (ENUM_TRADE_REQUEST_ACTIONS)ArgLong(args, "action");
   request.magic        = (ulong)ArgLong(args, "magic");
   request.order        = (ulong)ArgLong(args, "order");
   request.symbol       = ArgText(args, "symbol", "");
   request.volume       = volume;
   request.price        = ArgDouble(args, "price");
   request.stoplimit    = ArgDouble(args, "stoplimit");
   request.sl           = ArgDouble(args, "sl");
   request.tp           = ArgDouble(args, "tp");
   request.deviation    = (ulong)ArgLong(args, "deviation");
   request.type         = (ENUM_ORDER_TYPE)ArgLong(args, "type");
   request.type_filling = (ENUM_ORDER_TYPE_FILLING)ArgLong(args, "type_filling");
   request.type_time    = (ENUM_ORDER_TYPE_TIME)ArgLong(args, "type_time");
   request.expiration   = (datetime)ArgLong(args, "expiration");
   request.comment      = ArgText(args, "comment", "");
   request.position     = (ulong)ArgLong(args, "position");
   request.position_by  = (ulong)ArgLong(args, "position_by");
   SendRequest(id, request);
  }

ENUM_ORDER_TYPE_FILLING FillingOf(const string symbol)
  {
   long mask = SymbolInfoInteger(symbol, SYMBOL_FILLING_MODE);
   if((mask & SYMBOL_FILLING_FOK) != 0)
      return ORDER_FILLING_FOK;
   if((mask & SYMBOL_FILLING_IOC) != 0)
      return ORDER_FILLING_IOC;
   return ORDER_FILLING_RETURN;
  }

// Closes a position, whole or in part: arguments position and, optionally, volume and deviation.
void CloseCommand(const long id, const string args)
  {
   ulong ticket = (ulong)ArgLong(args, "position");
   if(!PositionSelectByTicket(ticket))
     {
      Refuse(id, "no position " + IntegerToString((long)ticket));
      return;
     }
   double volume = ArgDouble(args, "volume");
   if(volume <= 0)
      volume = PositionGetDouble(POSITION_VOLUME);
   string why = WhyNoTrade(0); // closing lowers the risk: the largest volume does not bound it
   if(why != "")
     {
      Refuse(id, why);
      return;
     }
   bool is_buy = PositionGetInteger(POSITION_TYPE) == POSITION_TYPE_BUY;
   MqlTradeRequest request;
   ZeroMemory(request);
   request.action       = TRADE_ACTION_DEAL;
   request.symbol       = PositionGetString(POSITION_SYMBOL);
   request.position     = ticket;
   request.magic        = (ulong)PositionGetInteger(POSITION_MAGIC);
   request.volume       = volume;
   request.type         = is_buy ? ORDER_TYPE_SELL : ORDER_TYPE_BUY;
   request.price        = SymbolInfoDouble(request.symbol, is_buy ? SYMBOL_BID : SYMBOL_ASK);
   request.deviation    = (ulong)ArgLong(args, "deviation");
   request.type_filling = FillingOf(request.symbol);
   SendRequest(id, request);
  }

//--- events of the terminal -------------------------------------------

void PushTick(const string symbol, const MqlTick &tick)
  {
   int digits = DigitsOf(symbol);
   Push("tick", "\"symbol\":" + JsonString(symbol) + ",\"time_msc\":" + JsonInteger(tick.time_msc)
        + ",\"bid\":" + JsonNumber(tick.bid, digits) + ",\"ask\":" + JsonNumber(tick.ask, digits)
        + ",\"last\":" + JsonNumber(tick.last, digits) + ",\"volume\":" + JsonNumber(tick.volume_real, 8)
        + ",\"flags\":" + JsonInteger((long)tick.flags));
  }

void PushSubscribed()
  {
   for(int i = 0; i < g_symbols; i++)
     {
      MqlTick tick;
      if(g_symbol[i] == _Symbol || !SymbolInfoTick(g_symbol[i], tick) || tick.time_msc == g_tick_at[i])
         continue;
      g_tick_at[i] = tick.time_msc;
      PushTick(g_symbol[i], tick);
     }
  }

int OnInit()
  {
   if(MQLInfoInteger(MQL_TESTER) != 0)
     {
      Print("EA link: sockets do not exist in the Strategy Tester");
      return INIT_SUCCEEDED;
     }
   if(InpTimerMs < 10 || InpTimerMs > 1000 || InpBridgePort < 1 || InpBridgePort > 65535)
     {
      Print("EA link: InpTimerMs must be 10 to 1000, InpBridgePort 1 to 65535");
      return INIT_PARAMETERS_INCORRECT;
     }
   if(!EventSetMillisecondTimer(InpTimerMs))
      return INIT_FAILED;
   return INIT_SUCCEEDED;
  }

void OnDeinit(const int reason)
  {
   EventKillTimer();
   Push("goodbye", "\"reason\":" + JsonInteger(reason));
   Disconnect("the EA ends, reason " + IntegerToString(reason));
  }

void OnTimer()
  {
   ulong now = GetTickCount64();
   if(g_socket == INVALID_HANDLE)
     {
      if(now >= g_retry_at)
         Connect();
      return;
     }
   Receive();
   if(g_socket == INVALID_HANDLE)
      return;
   now = GetTickCount64();
   if(now - g_heard_at > (ulong)g_silence)
     {
      Disconnect("the link is silent");
      return;
     }
   if(!g_welcomed)
      return;
   if(InpPushTicks)
      PushSubscribed();
   if(now - g_sent_at >= (ulong)(g_silence / 3) || now - g_heard_at >= (ulong)(g_silence / 3))
      Heartbeat(now);
  }

void Heartbeat(const ulong now)
  {
   if(now - g_beat_at < (ulong)(g_silence / 6))
      return;
   g_beat_at = now;
   Push("heartbeat", "\"time_msc\":" + JsonInteger((long)TimeTradeServer() * 1000));
  }

void OnTick()
  {
   MqlTick tick;
   if(InpPushTicks && SymbolInfoTick(_Symbol, tick))
      PushTick(_Symbol, tick);
  }

void OnTradeTransaction(const MqlTradeTransaction &trans, const MqlTradeRequest &request, const MqlTradeResult &result)
  {
   int digits = DigitsOf(trans.symbol);
   bool is_request = trans.type == TRADE_TRANSACTION_REQUEST;
   Push("transaction", "\"kind\":" + JsonString(EnumToString(trans.type))
        + ",\"deal\":" + JsonInteger((long)trans.deal) + ",\"order\":" + JsonInteger((long)trans.order)
        + ",\"symbol\":" + JsonString(trans.symbol)
        + ",\"order_type\":" + JsonInteger(trans.order_type) + ",\"order_state\":" + JsonInteger(trans.order_state)
        + ",\"deal_type\":" + JsonInteger(trans.deal_type)
        + ",\"price\":" + JsonNumber(trans.price, digits)
        + ",\"price_trigger\":" + JsonNumber(trans.price_trigger, digits)
        + ",\"sl\":" + JsonNumber(trans.price_sl, digits) + ",\"tp\":" + JsonNumber(trans.price_tp, digits)
        + ",\"volume\":" + JsonNumber(trans.volume, 8)
        + ",\"position\":" + JsonInteger((long)trans.position)
        + ",\"position_by\":" + JsonInteger((long)trans.position_by)
        + ",\"retcode\":" + JsonInteger(is_request ? (long)result.retcode : 0)
        + ",\"request_id\":" + JsonInteger(is_request ? (long)result.request_id : 0));
  }
//+------------------------------------------------------------------+
