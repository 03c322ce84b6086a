// Runs an EA of the shim as a program. Its "terminal" is whoever started it: fields apart by tabs, one message a line.
//
// in:  init SYMBOL PERIOD LOGIN SERVER TRADE_MODE BUILD TRADE_ALLOWED | input NAME VALUE | start
//      tick SYMBOL TIME_MSC BID ASK LAST VOLUME FLAGS DIGITS FILLING
//      account BALANCE EQUITY MARGIN MARGIN_FREE CURRENCY DIGITS
//      positions | position TICKET SYMBOL TYPE MAGIC VOLUME PRICE SL TP PROFIT COMMENT   ("positions" empties the list)
//      orders | order TICKET SYMBOL TYPE MAGIC VOLUME PRICE COMMENT
//      transaction KIND DEAL ORDER SYMBOL ORDER_TYPE ORDER_STATE DEAL_TYPE PRICE TRIGGER SL TP VOLUME POSITION POSITION_BY RETCODE REQUEST_ID
//      result OK RETCODE DEAL ORDER VOLUME PRICE BID ASK COMMENT REQUEST_ID      (the answer to "send")
//      selected OK                                                              (the answer to "select")
//      deinit REASON
// out: ready | failed CODE | print TEXT | select SYMBOL
//      send ACTION MAGIC ORDER SYMBOL VOLUME PRICE STOPLIMIT SL TP DEVIATION TYPE FILLING TIME EXPIRATION COMMENT POSITION POSITION_BY
#include "mql5.h"

#include <arpa/inet.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <map>
#include <netdb.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

using Fields = std::vector<std::string>;

string _Symbol;
int _Period = PERIOD_H1;

namespace {

struct Quote { MqlTick tick; int digits = 5; long filling = 0; };
struct Position { ulong ticket; string symbol; long type, magic; double volume, price, sl, tp, profit; string comment; };
struct Order { ulong ticket; string symbol; long type, magic; double volume, price; string comment; };
struct Setter { string *text; int *whole; bool *flag; double *number; };

std::map<std::string, Setter> &setters() { static std::map<std::string, Setter> known; return known; }
std::map<std::string, Quote> quotes;
std::vector<Position> positions;
std::vector<Order> orders;
std::deque<Fields> waiting;
std::string inbox;
long login = 0, trade_mode = 0, build = 0, trade_allowed = 0, account_digits = 2;
double balance = 0, equity = 0, margin = 0, margin_free = 0;
string server, currency;
int timer_ms = 0, last_error = 0;
const Position *position = nullptr;
const Order *order = nullptr;

std::string utf8(const string &text) {
    std::string out;
    for (size_t i = 0; i < text.units.size(); ++i) {
        char32_t c = text.units[i];
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < text.units.size())
            c = 0x10000 + ((c - 0xD800) << 10) + (text.units[++i] - 0xDC00);
        if (c < 0x80) out += static_cast<char>(c);
        else if (c < 0x800) { out += static_cast<char>(0xC0 | c >> 6); out += static_cast<char>(0x80 | (c & 63)); }
        else if (c < 0x10000) { out += static_cast<char>(0xE0 | c >> 12); out += static_cast<char>(0x80 | (c >> 6 & 63)); out += static_cast<char>(0x80 | (c & 63)); }
        else { out += static_cast<char>(0xF0 | c >> 18); out += static_cast<char>(0x80 | (c >> 12 & 63)); out += static_cast<char>(0x80 | (c >> 6 & 63)); out += static_cast<char>(0x80 | (c & 63)); }
    }
    return out;
}

string from_utf8(const std::string &bytes) {
    string out;
    for (size_t i = 0; i < bytes.size();) {
        uchar lead = static_cast<uchar>(bytes[i]);
        int more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
        char32_t c = more == 0 ? lead : lead & (0x3F >> more);
        for (++i; more-- > 0 && i < bytes.size(); ++i) c = c << 6 | (static_cast<uchar>(bytes[i]) & 63);
        if (c < 0x10000) out.units += static_cast<char16_t>(c);
        else { c -= 0x10000; out.units += static_cast<char16_t>(0xD800 + (c >> 10)); out.units += static_cast<char16_t>(0xDC00 + (c & 0x3FF)); }
    }
    return out;
}

std::string one_field(const string &text) {
    std::string plain = utf8(text);
    for (char &c : plain) if (c == '\t' || c == '\n' || c == '\r') c = ' ';
    return plain;
}

void say(const Fields &fields) {
    std::string line;
    for (const auto &field : fields) line += (line.empty() ? "" : "\t") + field;
    line += "\n";
    if (fwrite(line.data(), 1, line.size(), stdout) != line.size() || fflush(stdout) != 0) exit(1);
}

std::string exact(double value) { char text[64]; snprintf(text, sizeof text, "%.10f", value); return text; }

// Reads what stdin has, waiting at most so long; false = it has ended.
bool read_input(int wait_ms) {
    pollfd source{0, POLLIN, 0};
    if (poll(&source, 1, wait_ms) <= 0) return true;
    char buffer[65536];
    ssize_t got = read(0, buffer, sizeof buffer);
    if (got <= 0) return false;
    inbox.append(buffer, static_cast<size_t>(got));
    for (size_t end; (end = inbox.find('\n')) != std::string::npos; inbox.erase(0, end + 1)) {
        Fields fields(1);
        for (size_t i = 0; i < end; ++i) { if (inbox[i] == '\t') fields.emplace_back(); else fields.back() += inbox[i]; }
        waiting.push_back(fields);
    }
    return true;
}

// Waits for an answer; everything else keeps its place in the queue.
Fields answer(const std::string &kind) {
    for (;;) {
        for (auto it = waiting.begin(); it != waiting.end(); ++it)
            if (it->front() == kind) { Fields found = *it; waiting.erase(it); return found; }
        if (!read_input(1000)) exit(1);
    }
}

double number(const Fields &f, size_t i) { return i < f.size() ? atof(f[i].c_str()) : 0; }
long whole(const Fields &f, size_t i) { return i < f.size() ? atol(f[i].c_str()) : 0; }
ulong ticket_of(const Fields &f, size_t i) { return i < f.size() ? strtoul(f[i].c_str(), nullptr, 10) : 0; }
string text(const Fields &f, size_t i) { return i < f.size() ? from_utf8(f[i]) : string(); }

void set_input(const std::string &name, const std::string &value) {
    auto found = setters().find(name);
    if (found == setters().end()) { say({"print", "unknown input " + name}); return; }
    Setter &to = found->second;
    if (to.text) *to.text = from_utf8(value);
    if (to.whole) *to.whole = atoi(value.c_str());
    if (to.flag) *to.flag = value == "true" || value == "1";
    if (to.number) *to.number = atof(value.c_str());
}

const std::map<std::string, int> periods = {{"M1", PERIOD_M1}, {"M2", PERIOD_M2}, {"M3", PERIOD_M3}, {"M4", PERIOD_M4},
    {"M5", PERIOD_M5}, {"M6", PERIOD_M6}, {"M10", PERIOD_M10}, {"M12", PERIOD_M12}, {"M15", PERIOD_M15},
    {"M20", PERIOD_M20}, {"M30", PERIOD_M30}, {"H1", PERIOD_H1}, {"H2", PERIOD_H2}, {"H3", PERIOD_H3}, {"H4", PERIOD_H4},
    {"H6", PERIOD_H6}, {"H8", PERIOD_H8}, {"H12", PERIOD_H12}, {"D1", PERIOD_D1}, {"W1", PERIOD_W1}, {"MN1", PERIOD_MN1}};

void take_transaction(const Fields &f) {
    MqlTradeTransaction trans;
    MqlTradeRequest request;
    MqlTradeResult result;
    for (int kind = 0; kind <= TRADE_TRANSACTION_REQUEST; ++kind)
        if (EnumToString(static_cast<ENUM_TRADE_TRANSACTION_TYPE>(kind)) == text(f, 1)) trans.type = static_cast<ENUM_TRADE_TRANSACTION_TYPE>(kind);
    trans.deal = ticket_of(f, 2); trans.order = ticket_of(f, 3); trans.symbol = text(f, 4);
    trans.order_type = static_cast<ENUM_ORDER_TYPE>(whole(f, 5));
    trans.order_state = static_cast<ENUM_ORDER_STATE>(whole(f, 6));
    trans.deal_type = static_cast<ENUM_DEAL_TYPE>(whole(f, 7));
    trans.price = number(f, 8); trans.price_trigger = number(f, 9); trans.price_sl = number(f, 10);
    trans.price_tp = number(f, 11); trans.volume = number(f, 12);
    trans.position = ticket_of(f, 13); trans.position_by = ticket_of(f, 14);
    result.retcode = static_cast<uint>(whole(f, 15)); result.request_id = static_cast<uint>(whole(f, 16));
    OnTradeTransaction(trans, request, result);
}

// Takes one message; false = the terminal ends the EA.
bool take(const Fields &f) {
    const std::string &kind = f.front();
    if (kind == "init") {
        _Symbol = text(f, 1);
        auto found = periods.find(f.size() > 2 ? f[2] : "");
        if (found != periods.end()) _Period = found->second;
        login = whole(f, 3); server = text(f, 4); trade_mode = whole(f, 5); build = whole(f, 6); trade_allowed = whole(f, 7);
    } else if (kind == "input" && f.size() > 2) {
        set_input(f[1], f[2]);
    } else if (kind == "start") {
        int code = OnInit();
        if (code != INIT_SUCCEEDED) { say({"failed", std::to_string(code)}); return false; }
        say({"ready"});
    } else if (kind == "tick" && f.size() > 1) {
        Quote &quote = quotes[f[1]];
        quote.tick.time_msc = whole(f, 2); quote.tick.time = whole(f, 2) / 1000;
        quote.tick.bid = number(f, 3); quote.tick.ask = number(f, 4); quote.tick.last = number(f, 5);
        quote.tick.volume_real = number(f, 6); quote.tick.flags = static_cast<uint>(whole(f, 7));
        quote.digits = static_cast<int>(whole(f, 8)); quote.filling = whole(f, 9);
        if (text(f, 1) == _Symbol) OnTick();
    } else if (kind == "account") {
        balance = number(f, 1); equity = number(f, 2); margin = number(f, 3); margin_free = number(f, 4);
        currency = text(f, 5); account_digits = whole(f, 6);
    } else if (kind == "positions") {
        positions.clear(); position = nullptr;
    } else if (kind == "position") {
        positions.push_back({ticket_of(f, 1), text(f, 2), whole(f, 3), whole(f, 4), number(f, 5), number(f, 6), number(f, 7), number(f, 8), number(f, 9), text(f, 10)});
    } else if (kind == "orders") {
        orders.clear(); order = nullptr;
    } else if (kind == "order") {
        orders.push_back({ticket_of(f, 1), text(f, 2), whole(f, 3), whole(f, 4), number(f, 5), number(f, 6), text(f, 7)});
    } else if (kind == "transaction") {
        take_transaction(f);
    } else if (kind == "deinit") {
        OnDeinit(static_cast<int>(whole(f, 1)));
        return false;
    }
    return true;
}

const Quote *quote_of(const string &symbol) {
    auto found = quotes.find(utf8(symbol));
    return found == quotes.end() ? nullptr : &found->second;
}

}  // namespace

shim_input::shim_input(const char *name, string &value) { setters()[name] = {&value, nullptr, nullptr, nullptr}; }
shim_input::shim_input(const char *name, int &value) { setters()[name] = {nullptr, &value, nullptr, nullptr}; }
shim_input::shim_input(const char *name, bool &value) { setters()[name] = {nullptr, nullptr, &value, nullptr}; }
shim_input::shim_input(const char *name, double &value) { setters()[name] = {nullptr, nullptr, nullptr, &value}; }

int StringLen(const string &text) { return static_cast<int>(text.units.size()); }
ushort StringGetCharacter(const string &text, int at) { return at >= 0 && at < StringLen(text) ? text.units[static_cast<size_t>(at)] : 0; }
string StringSubstr(const string &text, int at, int length) {
    if (at < 0 || at > StringLen(text)) return string();
    return string(text.units.substr(static_cast<size_t>(at), length < 0 ? std::u16string::npos : static_cast<size_t>(length)));
}
int StringFind(const string &text, const string &wanted, int from) {
    auto found = text.units.find(wanted.units, static_cast<size_t>(from));
    return found == std::u16string::npos ? -1 : static_cast<int>(found);
}
string ShortToString(ushort unit) { return string(std::u16string(1, static_cast<char16_t>(unit))); }
string IntegerToString(long value) { return string(std::to_string(value).c_str()); }
string DoubleToString(double value, int digits) {
    char out[400];
    snprintf(out, sizeof out, "%.*f", digits, value);
    return string(out);
}
double StringToDouble(const string &text) { return atof(utf8(text).c_str()); }
long StringToInteger(const string &text) { return atol(utf8(text).c_str()); }
int StringToCharArray(const string &text, array<uchar> &bytes, int, int, uint) {
    std::string plain = utf8(text);
    bytes.assign(plain.begin(), plain.end());
    bytes.push_back(0);
    return static_cast<int>(bytes.size());
}
string CharArrayToString(const array<uchar> &bytes, int start, int count, uint) {
    return from_utf8(std::string(bytes.begin() + start, bytes.begin() + start + count));
}
string EnumToString(ENUM_TIMEFRAMES value) {
    for (const auto &[name, number] : periods)
        if (number == value) return string(("PERIOD_" + name).c_str());
    return "PERIOD_CURRENT";
}
string EnumToString(ENUM_TRADE_TRANSACTION_TYPE value) {
    static const char *names[] = {"ORDER_ADD", "ORDER_UPDATE", "ORDER_DELETE", "HISTORY_ADD", "HISTORY_UPDATE",
        "HISTORY_DELETE", "DEAL_ADD", "DEAL_UPDATE", "DEAL_DELETE", "POSITION", "REQUEST"};
    return string("TRADE_TRANSACTION_") + names[value];
}
void shim_print(const string &line) { say({"print", one_field(line)}); }

long AccountInfoInteger(ENUM_ACCOUNT_INFO_INTEGER property) {
    return property == ACCOUNT_LOGIN ? login : property == ACCOUNT_TRADE_MODE ? trade_mode : account_digits;
}
double AccountInfoDouble(ENUM_ACCOUNT_INFO_DOUBLE property) {
    return property == ACCOUNT_BALANCE ? balance : property == ACCOUNT_EQUITY ? equity : property == ACCOUNT_MARGIN ? margin : margin_free;
}
string AccountInfoString(ENUM_ACCOUNT_INFO_STRING property) { return property == ACCOUNT_SERVER ? server : currency; }
long TerminalInfoInteger(ENUM_TERMINAL_INFO_INTEGER property) { return property == TERMINAL_BUILD ? build : trade_allowed; }
long MQLInfoInteger(ENUM_MQL_INFO_INTEGER property) { return property == MQL_TRADE_ALLOWED ? trade_allowed : 0; }
long SymbolInfoInteger(const string &symbol, ENUM_SYMBOL_INFO_INTEGER property) {
    const Quote *quote = quote_of(symbol);
    if (!quote) return property == SYMBOL_DIGITS ? 5 : 0;
    return property == SYMBOL_DIGITS ? quote->digits : quote->filling;
}
double SymbolInfoDouble(const string &symbol, ENUM_SYMBOL_INFO_DOUBLE property) {
    const Quote *quote = quote_of(symbol);
    return !quote ? 0 : property == SYMBOL_BID ? quote->tick.bid : quote->tick.ask;
}
bool SymbolInfoTick(const string &symbol, MqlTick &tick) {
    const Quote *quote = quote_of(symbol);
    if (quote) tick = quote->tick;
    return quote != nullptr;
}
bool SymbolSelect(const string &symbol, bool) {
    say({"select", one_field(symbol)});
    return whole(answer("selected"), 1) != 0;
}
int GetLastError() { return last_error; }
ulong GetTickCount64() {
    return static_cast<ulong>(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}
datetime TimeTradeServer() {
    const Quote *quote = quote_of(_Symbol);
    return quote ? quote->tick.time : 0;
}
bool EventSetMillisecondTimer(int milliseconds) { timer_ms = milliseconds; return true; }
void EventKillTimer() { timer_ms = 0; }

bool OrderSend(const MqlTradeRequest &r, MqlTradeResult &result) {
    say({"send", std::to_string(r.action), std::to_string(r.magic), std::to_string(r.order), one_field(r.symbol), exact(r.volume),
         exact(r.price), exact(r.stoplimit), exact(r.sl), exact(r.tp), std::to_string(r.deviation), std::to_string(r.type),
         std::to_string(r.type_filling), std::to_string(r.type_time), std::to_string(r.expiration), one_field(r.comment),
         std::to_string(r.position), std::to_string(r.position_by)});
    Fields f = answer("result");
    result.retcode = static_cast<uint>(whole(f, 2)); result.deal = ticket_of(f, 3); result.order = ticket_of(f, 4);
    result.volume = number(f, 5); result.price = number(f, 6); result.bid = number(f, 7); result.ask = number(f, 8);
    result.comment = text(f, 9); result.request_id = static_cast<uint>(whole(f, 10));
    return whole(f, 1) != 0;
}
int PositionsTotal() { return static_cast<int>(positions.size()); }
ulong PositionGetTicket(int index) {
    position = index >= 0 && index < PositionsTotal() ? &positions[static_cast<size_t>(index)] : nullptr;
    return position ? position->ticket : 0;
}
bool PositionSelectByTicket(ulong ticket) {
    position = nullptr;
    for (const auto &held : positions) if (held.ticket == ticket) position = &held;
    return position != nullptr;
}
long PositionGetInteger(ENUM_POSITION_PROPERTY_INTEGER property) { return !position ? 0 : property == POSITION_TYPE ? position->type : position->magic; }
double PositionGetDouble(ENUM_POSITION_PROPERTY_DOUBLE property) {
    if (!position) return 0;
    switch (property) {
        case POSITION_VOLUME: return position->volume;
        case POSITION_PRICE_OPEN: return position->price;
        case POSITION_SL: return position->sl;
        case POSITION_TP: return position->tp;
        default: return position->profit;
    }
}
string PositionGetString(ENUM_POSITION_PROPERTY_STRING property) { return !position ? string() : property == POSITION_SYMBOL ? position->symbol : position->comment; }
int OrdersTotal() { return static_cast<int>(orders.size()); }
ulong OrderGetTicket(int index) {
    order = index >= 0 && index < OrdersTotal() ? &orders[static_cast<size_t>(index)] : nullptr;
    return order ? order->ticket : 0;
}
long OrderGetInteger(ENUM_ORDER_PROPERTY_INTEGER property) { return !order ? 0 : property == ORDER_TYPE ? order->type : order->magic; }
double OrderGetDouble(ENUM_ORDER_PROPERTY_DOUBLE property) { return !order ? 0 : property == ORDER_VOLUME_CURRENT ? order->volume : order->price; }
string OrderGetString(ENUM_ORDER_PROPERTY_STRING property) { return !order ? string() : property == ORDER_SYMBOL ? order->symbol : order->comment; }

int SocketCreate() { return socket(AF_INET, SOCK_STREAM, 0); }
bool SocketConnect(int handle, const string &host, uint port, uint timeout_ms) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    if (inet_pton(AF_INET, utf8(host).c_str(), &to.sin_addr) != 1) { last_error = 5272; return false; }
    fcntl(handle, F_SETFL, O_NONBLOCK);
    if (connect(handle, reinterpret_cast<sockaddr *>(&to), sizeof to) == 0) return true;
    pollfd ready{handle, POLLOUT, 0};
    int failure = 0;
    socklen_t size = sizeof failure;
    bool ok = errno == EINPROGRESS && poll(&ready, 1, static_cast<int>(timeout_ms)) == 1
              && getsockopt(handle, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
    if (!ok) last_error = 5272;  // ERR_NETSOCKET_CANNOT_CONNECT
    return ok;
}
void SocketClose(int handle) { close(handle); }
bool SocketIsConnected(int handle) {
    char byte;
    ssize_t got = recv(handle, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}
uint SocketIsReadable(int handle) { int count = 0; return ioctl(handle, FIONREAD, &count) == 0 ? static_cast<uint>(count) : 0; }
int SocketSend(int handle, const array<uchar> &bytes, uint length) {
    uint sent = 0;
    while (sent < length) {
        ssize_t now = send(handle, bytes.data() + sent, length - sent, MSG_NOSIGNAL);
        if (now > 0) { sent += static_cast<uint>(now); continue; }
        pollfd ready{handle, POLLOUT, 0};
        if (errno != EAGAIN || poll(&ready, 1, 5000) != 1) { last_error = 5273; return -1; }
    }
    return static_cast<int>(sent);
}
int SocketRead(int handle, array<uchar> &bytes, uint most, uint timeout_ms) {
    pollfd ready{handle, POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(timeout_ms)) != 1) return 0;
    bytes.resize(most);
    ssize_t got = recv(handle, bytes.data(), most, 0);
    if (got <= 0) { last_error = 5273; return -1; }
    return static_cast<int>(got);
}
bool SocketTlsHandshake(int, const string &) { last_error = 5274; return false; }  // the shim has no TLS
int SocketTlsSend(int, const array<uchar> &, uint) { return -1; }
int SocketTlsReadAvailable(int, array<uchar> &, uint) { return -1; }

int main() {
    ulong next = GetTickCount64();
    for (;;) {
        ulong now = GetTickCount64();
        int pause = timer_ms == 0 ? 1000 : now >= next ? 0 : static_cast<int>(next - now);
        if (waiting.empty() && !read_input(pause)) return 1;
        while (!waiting.empty()) {
            Fields message = waiting.front();
            waiting.pop_front();
            if (!take(message)) return 0;
        }
        if (timer_ms > 0 && GetTickCount64() >= next) {
            OnTimer();
            next = GetTickCount64() + static_cast<ulong>(timer_ms);
        }
    }
}
