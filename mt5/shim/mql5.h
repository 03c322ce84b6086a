// What EdgerunnerBridge.mq5 uses of MQL5, in C++17: enough for a compiler to find what is misspelt, and for runtime.cpp
// to run the EA on Linux. Values of enumerations that travel are MQL5's; of those that stay inside, any.
#pragma once
#include <cmath>
#include <cstdint>
#include <sys/types.h>
#include <string>
#include <type_traits>
#include <vector>

using uchar = unsigned char;
using datetime = long long;
#define WHOLE_ARRAY (-1)
#define CP_UTF8 65001
#define INVALID_HANDLE (-1)
#define INIT_SUCCEEDED 0
#define INIT_FAILED 1
#define INIT_PARAMETERS_INCORRECT 32767

// MQL5's string holds UTF-16, so lengths and places count its units.
class string {
  public:
    std::u16string units;
    string() = default;
    string(const char *ascii) { for (; *ascii; ++ascii) units += static_cast<uchar>(*ascii); }
    explicit string(std::u16string text) : units(std::move(text)) {}
    string &operator+=(const string &other) { units += other.units; return *this; }
};
inline string operator+(string left, const string &right) { return left += right; }
inline bool operator==(const string &left, const string &right) { return left.units == right.units; }
inline bool operator!=(const string &left, const string &right) { return left.units != right.units; }

template <typename T> class array : public std::vector<T> {};  // `T name[]`, made by the pre-pass

enum ENUM_TIMEFRAMES { PERIOD_M1 = 1, PERIOD_M2 = 2, PERIOD_M3 = 3, PERIOD_M4 = 4, PERIOD_M5 = 5, PERIOD_M6 = 6,
    PERIOD_M10 = 10, PERIOD_M12 = 12, PERIOD_M15 = 15, PERIOD_M20 = 20, PERIOD_M30 = 30, PERIOD_H1 = 16385,
    PERIOD_H2 = 16386, PERIOD_H3 = 16387, PERIOD_H4 = 16388, PERIOD_H6 = 16390, PERIOD_H8 = 16392, PERIOD_H12 = 16396,
    PERIOD_D1 = 16408, PERIOD_W1 = 32769, PERIOD_MN1 = 49153 };
enum ENUM_ACCOUNT_INFO_INTEGER { ACCOUNT_LOGIN, ACCOUNT_TRADE_MODE, ACCOUNT_CURRENCY_DIGITS };
enum ENUM_ACCOUNT_INFO_DOUBLE { ACCOUNT_BALANCE, ACCOUNT_EQUITY, ACCOUNT_MARGIN, ACCOUNT_MARGIN_FREE };
enum ENUM_ACCOUNT_INFO_STRING { ACCOUNT_SERVER, ACCOUNT_CURRENCY };
enum ENUM_ACCOUNT_TRADE_MODE { ACCOUNT_TRADE_MODE_DEMO = 0, ACCOUNT_TRADE_MODE_CONTEST = 1, ACCOUNT_TRADE_MODE_REAL = 2 };
enum ENUM_TERMINAL_INFO_INTEGER { TERMINAL_BUILD, TERMINAL_TRADE_ALLOWED };
enum ENUM_MQL_INFO_INTEGER { MQL_TRADE_ALLOWED, MQL_TESTER };
enum ENUM_SYMBOL_INFO_INTEGER { SYMBOL_DIGITS, SYMBOL_FILLING_MODE };
enum ENUM_SYMBOL_INFO_DOUBLE { SYMBOL_BID, SYMBOL_ASK };
enum { SYMBOL_FILLING_FOK = 1, SYMBOL_FILLING_IOC = 2 };
enum ENUM_POSITION_PROPERTY_INTEGER { POSITION_TYPE, POSITION_MAGIC };
enum ENUM_POSITION_PROPERTY_DOUBLE { POSITION_VOLUME, POSITION_PRICE_OPEN, POSITION_SL, POSITION_TP, POSITION_PROFIT };
enum ENUM_POSITION_PROPERTY_STRING { POSITION_SYMBOL, POSITION_COMMENT };
enum ENUM_POSITION_TYPE { POSITION_TYPE_BUY = 0, POSITION_TYPE_SELL = 1 };
enum ENUM_ORDER_PROPERTY_INTEGER { ORDER_TYPE, ORDER_MAGIC };
enum ENUM_ORDER_PROPERTY_DOUBLE { ORDER_VOLUME_CURRENT, ORDER_PRICE_OPEN };
enum ENUM_ORDER_PROPERTY_STRING { ORDER_SYMBOL, ORDER_COMMENT };
enum ENUM_TRADE_REQUEST_ACTIONS { TRADE_ACTION_DEAL = 1, TRADE_ACTION_PENDING = 5, TRADE_ACTION_SLTP = 6,
    TRADE_ACTION_MODIFY = 7, TRADE_ACTION_REMOVE = 8, TRADE_ACTION_CLOSE_BY = 10 };
enum ENUM_ORDER_TYPE { ORDER_TYPE_BUY = 0, ORDER_TYPE_SELL = 1, ORDER_TYPE_BUY_LIMIT = 2, ORDER_TYPE_SELL_LIMIT = 3,
    ORDER_TYPE_BUY_STOP = 4, ORDER_TYPE_SELL_STOP = 5, ORDER_TYPE_BUY_STOP_LIMIT = 6, ORDER_TYPE_SELL_STOP_LIMIT = 7,
    ORDER_TYPE_CLOSE_BY = 8 };
enum ENUM_ORDER_TYPE_FILLING { ORDER_FILLING_FOK = 0, ORDER_FILLING_IOC = 1, ORDER_FILLING_RETURN = 2 };
enum ENUM_ORDER_TYPE_TIME { ORDER_TIME_GTC = 0, ORDER_TIME_DAY = 1, ORDER_TIME_SPECIFIED = 2, ORDER_TIME_SPECIFIED_DAY = 3 };
enum ENUM_ORDER_STATE { ORDER_STATE_STARTED = 0 };
enum ENUM_DEAL_TYPE { DEAL_TYPE_BUY = 0 };
enum ENUM_TRADE_TRANSACTION_TYPE { TRADE_TRANSACTION_ORDER_ADD, TRADE_TRANSACTION_ORDER_UPDATE,
    TRADE_TRANSACTION_ORDER_DELETE, TRADE_TRANSACTION_HISTORY_ADD, TRADE_TRANSACTION_HISTORY_UPDATE,
    TRADE_TRANSACTION_HISTORY_DELETE, TRADE_TRANSACTION_DEAL_ADD, TRADE_TRANSACTION_DEAL_UPDATE,
    TRADE_TRANSACTION_DEAL_DELETE, TRADE_TRANSACTION_POSITION, TRADE_TRANSACTION_REQUEST };

struct MqlTick {
    datetime time{};
    double bid{}, ask{}, last{};
    ulong volume{};
    long time_msc{};
    uint flags{};
    double volume_real{};
};
struct MqlTradeRequest {
    ENUM_TRADE_REQUEST_ACTIONS action{};
    ulong magic{}, order{};
    string symbol;
    double volume{}, price{}, stoplimit{}, sl{}, tp{};
    ulong deviation{};
    ENUM_ORDER_TYPE type{};
    ENUM_ORDER_TYPE_FILLING type_filling{};
    ENUM_ORDER_TYPE_TIME type_time{};
    datetime expiration{};
    string comment;
    ulong position{}, position_by{};
};
struct MqlTradeResult {
    uint retcode{};
    ulong deal{}, order{};
    double volume{}, price{}, bid{}, ask{};
    string comment;
    uint request_id{};
    int retcode_external{};
};
struct MqlTradeTransaction {
    ulong deal{}, order{};
    string symbol;
    ENUM_TRADE_TRANSACTION_TYPE type{};
    ENUM_ORDER_TYPE order_type{};
    ENUM_ORDER_STATE order_state{};
    ENUM_DEAL_TYPE deal_type{};
    ENUM_ORDER_TYPE_TIME time_type{};
    datetime time_expiration{};
    double price{}, price_trigger{}, price_sl{}, price_tp{}, volume{};
    ulong position{}, position_by{};
};

extern string _Symbol;
extern int _Period;

// text
int StringLen(const string &text);
ushort StringGetCharacter(const string &text, int at);
string StringSubstr(const string &text, int at, int length = -1);
int StringFind(const string &text, const string &wanted, int from = 0);
string ShortToString(ushort unit);
string IntegerToString(long value);
string DoubleToString(double value, int digits = 8);
double StringToDouble(const string &text);
long StringToInteger(const string &text);
int StringToCharArray(const string &text, array<uchar> &bytes, int start, int count, uint code_page);
string CharArrayToString(const array<uchar> &bytes, int start, int count, uint code_page);
string EnumToString(ENUM_TIMEFRAMES value);
string EnumToString(ENUM_TRADE_TRANSACTION_TYPE value);

// numbers
inline bool MathIsValidNumber(double value) { return std::isfinite(value); }
template <typename A, typename B> std::common_type_t<A, B> MathMin(A a, B b) { return a < b ? a : b; }
template <typename A, typename B> std::common_type_t<A, B> MathMax(A a, B b) { return a > b ? a : b; }
template <typename T> void ZeroMemory(T &value) { value = T{}; }

// journal
void shim_print(const string &line);
inline string shim_text(const string &text) { return text; }
inline string shim_text(const char *text) { return string(text); }
template <typename T> std::enable_if_t<std::is_arithmetic_v<T>, string> shim_text(T value) {
    return std::is_integral_v<T> ? IntegerToString(static_cast<long>(value)) : DoubleToString(static_cast<double>(value));
}
template <typename... T> void Print(const T &...parts) { string line; ((line += shim_text(parts)), ...); shim_print(line); }

// terminal, account, symbols
long AccountInfoInteger(ENUM_ACCOUNT_INFO_INTEGER property);
double AccountInfoDouble(ENUM_ACCOUNT_INFO_DOUBLE property);
string AccountInfoString(ENUM_ACCOUNT_INFO_STRING property);
long TerminalInfoInteger(ENUM_TERMINAL_INFO_INTEGER property);
long MQLInfoInteger(ENUM_MQL_INFO_INTEGER property);
long SymbolInfoInteger(const string &symbol, ENUM_SYMBOL_INFO_INTEGER property);
double SymbolInfoDouble(const string &symbol, ENUM_SYMBOL_INFO_DOUBLE property);
bool SymbolInfoTick(const string &symbol, MqlTick &tick);
bool SymbolSelect(const string &symbol, bool select);
int GetLastError();
ulong GetTickCount64();
datetime TimeTradeServer();
bool EventSetMillisecondTimer(int milliseconds);
void EventKillTimer();

// trading
bool OrderSend(const MqlTradeRequest &request, MqlTradeResult &result);
int PositionsTotal();
ulong PositionGetTicket(int index);
bool PositionSelectByTicket(ulong ticket);
long PositionGetInteger(ENUM_POSITION_PROPERTY_INTEGER property);
double PositionGetDouble(ENUM_POSITION_PROPERTY_DOUBLE property);
string PositionGetString(ENUM_POSITION_PROPERTY_STRING property);
int OrdersTotal();
ulong OrderGetTicket(int index);
long OrderGetInteger(ENUM_ORDER_PROPERTY_INTEGER property);
double OrderGetDouble(ENUM_ORDER_PROPERTY_DOUBLE property);
string OrderGetString(ENUM_ORDER_PROPERTY_STRING property);

// sockets
int SocketCreate();
bool SocketConnect(int socket, const string &host, uint port, uint timeout_ms);
void SocketClose(int socket);
bool SocketIsConnected(int socket);
uint SocketIsReadable(int socket);
int SocketSend(int socket, const array<uchar> &bytes, uint length);
int SocketRead(int socket, array<uchar> &bytes, uint most, uint timeout_ms);
bool SocketTlsHandshake(int socket, const string &host);
int SocketTlsSend(int socket, const array<uchar> &bytes, uint length);
int SocketTlsReadAvailable(int socket, array<uchar> &bytes, uint most);

// Inputs register themselves, so that a preset can set them before OnInit.
struct shim_input {
    shim_input(const char *name, string &value);
    shim_input(const char *name, int &value);
    shim_input(const char *name, bool &value);
    shim_input(const char *name, double &value);
};
#define SHIM_INPUT(type, name, value) type name = value; static shim_input name##_registered(#name, name)

int OnInit();
void OnDeinit(const int reason);
void OnTimer();
void OnTick();
void OnTradeTransaction(const MqlTradeTransaction &trans, const MqlTradeRequest &request, const MqlTradeResult &result);
