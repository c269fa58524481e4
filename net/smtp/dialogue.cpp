#include "net/smtp/dialogue.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <expected>
#include <utility>

#include "core/finding.hpp"
#include "net/https/metered.hpp"
#include "net/https/nat64.hpp"
#include "net/smtp/ehlo_name.hpp"
#include "net/smtp/reply.hpp"
#include "sys/local_shortage.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using std::chrono::steady_clock;

using Tcp = MeteredTcp;
using Tls = asio::ssl::stream<Tcp>;

constexpr auto as_pair = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t max_received = 384 * 1024;
constexpr std::size_t read_at_once = 4096;
constexpr std::size_t max_words = 300;
constexpr std::size_t max_kept_reply = 4096;
constexpr std::chrono::seconds goodbye_limit{2};

// Why the dialogue goes no further.
struct Stop {
  SmtpTrouble trouble;
  std::string detail;
};
template <class T>
using Outcome = std::expected<T, Stop>;

std::unexpected<Stop> stop(SmtpTrouble trouble, std::string detail) {
  return std::unexpected(Stop{trouble, std::move(detail)});
}

// A dialogue under way. The coroutines of this file take references: each is awaited at once, by the caller
// that holds what they refer to.
struct Talk {
  DialogueJob job;
  std::string name;  // for EHLO
  SmtpDialogue dialogue;
  ReplyReader reader;
  std::string unread;  // octets that came, of which the reader has taken none yet
};

Tcp::Inner& inner(Tcp& tcp) noexcept { return tcp.next_layer(); }
Tcp::Inner& inner(Tls& tls) noexcept { return tls.next_layer().next_layer(); }
bool exceeded(const Tcp& tcp) noexcept { return tcp.exceeded(); }
bool exceeded(Tls& tls) noexcept { return tls.next_layer().exceeded(); }

Stop stop_of(const error_code& error) {
  if (error == beast::error::timeout || error == asio::error::timed_out)
    return {SmtpTrouble::timeout, "no answer in time"};
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated)
    return {SmtpTrouble::closed, "the server closed the connection"};
  if (error.category() == asio::error::get_ssl_category())
    return {SmtpTrouble::tls, printable(openssl_words(static_cast<unsigned>(error.value())), max_words)};
  bool local = error.category() == boost::system::system_category() && is_local_shortage(error.value());
  return {local ? SmtpTrouble::local : SmtpTrouble::closed, printable(error.message(), max_words)};
}

template <class Stream>
std::unexpected<Stop> stop_reading(Stream& stream, const error_code& error) {
  if (exceeded(stream)) return stop(SmtpTrouble::too_long, "the server sent more than 384 KiB, TLS included");
  return std::unexpected(stop_of(error));
}

std::unexpected<Stop> not_smtp(const ReplyReader& reader) {
  return stop(SmtpTrouble::garbage, "not an SMTP reply: " + in_quotes(reader.evidence()));
}

// The server's words.
std::unexpected<Stop> stop_at(const SmtpReply& reply) {
  std::string words = std::to_string(reply.code);
  for (const std::string& line : reply.lines) words += ' ' + line;
  return stop(SmtpTrouble::reply, printable(words, max_words));
}

// Cuts the text of a reply to what is kept. A line that is cut to nothing goes with those after it.
void shorten(SmtpReply& reply) {
  std::size_t left = max_kept_reply;
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    std::string& line = reply.lines[i];
    if (line.size() <= left) {
      left -= line.size();
      continue;
    }
    line.resize(left);
    line.shrink_to_fit();
    reply.lines.resize(left == 0 ? i : i + 1);
    reply.cut = true;
  }
}

void shorten_replies(SmtpDialogue& dialogue) {
  for (SmtpReply* reply :
       {&dialogue.greeting, &dialogue.ehlo, &dialogue.starttls, &dialogue.ehlo_in_tls, &dialogue.helo})
    shorten(*reply);
}

bool leads_on(const SmtpReply& reply) noexcept { return reply.code / 100 == 2; }

asio::ip::tcp::endpoint endpoint_of(const Address& address, std::uint16_t port) {
  if (address.v6) return {asio::ip::address_v6(address.octets), port};
  asio::ip::address_v4::bytes_type bytes;
  std::copy_n(address.octets.begin(), bytes.size(), bytes.begin());
  return {asio::ip::address_v4(bytes), port};
}

Address address_of(const asio::ip::address& own) {
  if (own.is_v6()) return {true, own.to_v6().to_bytes()};
  Address address;
  std::ranges::copy(own.to_v4().to_bytes(), address.octets.begin());
  return address;
}

// A host without IPv6 must not blame a server's IPv6 address, nor one without IPv4 an IPv4 address.
bool is_our_lack(const error_code& error, const Address& dialled) {
  if (error.category() != boost::system::system_category()) return false;
  bool no_route = error == asio::error::network_unreachable || error.value() == EADDRNOTAVAIL;
  if (no_route && (dialled.v6 ? !has_ipv6() : is_ipv6_only())) return true;
  return is_local_shortage(error.value(), dialled);
}

Stop stop_connecting(const error_code& error, const Address& dialled) {
  Stop why = stop_of(error);
  if (error == asio::error::connection_reset) return why;  // closed
  if (why.trouble != SmtpTrouble::timeout) why.trouble = SmtpTrouble::refused;
  if (is_our_lack(error, dialled)) why.trouble = SmtpTrouble::local;
  return why;
}

asio::awaitable<Outcome<void>> connect_once(Tcp& tcp, const DialogueJob& job) {
  inner(tcp).expires_at(job.done_by);  // for every operation from here on
  auto where = endpoint_of(job.request.address, job.request.port);
  auto [error] = co_await inner(tcp).async_connect(where, as_pair);
  if (error) co_return std::unexpected(stop_connecting(error, job.request.address));
  error_code ignored;
  inner(tcp).socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  co_return Outcome<void>{};
}

// What this host lacked may be there a moment later.
asio::awaitable<Outcome<void>> connect(Tcp& tcp, const DialogueJob& job) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  auto patience_ends = std::min(job.done_by, steady_clock::now() + shortage_patience);
  for (;;) {
    auto connected = co_await connect_once(tcp, job);
    if (connected || connected.error().trouble != SmtpTrouble::local) co_return connected;
    auto again = steady_clock::now() + shortage_pause;
    if (again > patience_ends) co_return connected;
    inner(tcp).close();
    pause.expires_at(again);
    co_await pause.async_wait(as_pair);
  }
}

template <class Stream>
asio::awaitable<Outcome<SmtpReply>> read_reply(Stream& stream, Talk& talk) {
  std::array<char, read_at_once> chunk;
  for (;;) {
    talk.unread.erase(0, talk.reader.read(talk.unread));
    if (talk.reader.state() == ReplyReader::State::whole) co_return talk.reader.take_reply();
    if (talk.reader.state() == ReplyReader::State::garbage) co_return not_smtp(talk.reader);
    if (talk.reader.state() == ReplyReader::State::too_long)
      co_return stop(SmtpTrouble::too_long, "the server's replies exceed 64 KiB or 512 lines");
    auto [error, size] = co_await stream.async_read_some(asio::buffer(chunk), as_pair);
    if (error && talk.reader.begins_badly()) co_return not_smtp(talk.reader);
    if (error) co_return stop_reading(stream, error);
    talk.unread.append(chunk.data(), size);
  }
}

template <class Stream>
asio::awaitable<Outcome<SmtpReply>> ask(Stream& stream, Talk& talk, std::string command) {
  command += "\r\n";
  auto [error, size] = co_await asio::async_write(stream, asio::buffer(command), as_pair);
  if (error) co_return stop_reading(stream, error);
  auto reply = co_await read_reply(stream, talk);
  co_return reply;
}

// Stores a reply in the dialogue, and says whether it leads on.
Outcome<void> take(Outcome<SmtpReply> reply, SmtpReply& place) {
  if (!reply) return std::unexpected(std::move(reply.error()));
  place = std::move(*reply);
  if (!leads_on(place)) return stop_at(place);
  return {};
}

// What came behind the reply to STARTTLS, and what has come since: the server must not speak before our
// ClientHello.
asio::awaitable<std::size_t> count_surplus(Tcp& tcp, const Talk& talk) {
  std::size_t surplus = talk.unread.size();
  std::array<char, read_at_once> chunk;
  error_code error;
  while (inner(tcp).socket().available(error) > 0 && !error) {
    auto [failed, size] = co_await tcp.async_read_some(asio::buffer(chunk), as_pair);
    if (failed) break;
    surplus += size;
  }
  co_return surplus;
}

asio::awaitable<Outcome<void>> greet(Tcp& tcp, Talk& talk) {
  SmtpDialogue& dialogue = talk.dialogue;
  auto greeted = take(co_await read_reply(tcp, talk), dialogue.greeting);
  if (!greeted) co_return greeted;
  dialogue.reached = SmtpStage::greeted;
  auto known = take(co_await ask(tcp, talk, "EHLO " + talk.name), dialogue.ehlo);
  bool refused = dialogue.ehlo.code / 100 == 5;
  if (refused) static_cast<void>(take(co_await ask(tcp, talk, "HELO " + talk.name), dialogue.helo));
  if (known) dialogue.reached = SmtpStage::ehlo;
  co_return known;
}

asio::awaitable<Outcome<void>> start_tls(Tcp& tcp, Talk& talk) {
  SmtpDialogue& dialogue = talk.dialogue;
  if (!offers(dialogue.ehlo, "STARTTLS"))
    co_return stop(SmtpTrouble::reply, "the server does not offer STARTTLS");
  auto agreed = take(co_await ask(tcp, talk, "STARTTLS"), dialogue.starttls);
  if (!agreed) co_return agreed;
  dialogue.reached = SmtpStage::starttls;
  dialogue.surplus = static_cast<std::uint32_t>(co_await count_surplus(tcp, talk));
  if (dialogue.surplus > 0)
    co_return stop(SmtpTrouble::reply, std::to_string(dialogue.surplus) +
                                           " octets came in the clear behind the reply to STARTTLS");
  co_return Outcome<void>{};
}

Time now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

asio::awaitable<Outcome<void>> handshake(Tls& tls, Talk& talk) {
  auto [error] = co_await tls.async_handshake(asio::ssl::stream_base::client, as_pair);
  const SSL& ssl = *tls.native_handle();
  if (!error || asked_for_certificate(ssl)) talk.dialogue.tls = tls_facts(ssl, now());
  if (error) co_return stop_reading(tls, error);
  talk.dialogue.reached = SmtpStage::tls;
  co_return Outcome<void>{};
}

asio::awaitable<Outcome<void>> shake_hands_and_ask(Tls& tls, Talk& talk) {
  SmtpDialogue& dialogue = talk.dialogue;
  auto shaken = co_await handshake(tls, talk);
  if (!shaken) co_return shaken;
  if (talk.job.request.implicit_tls) {
    auto greeted = take(co_await read_reply(tls, talk), dialogue.greeting);
    if (!greeted) co_return greeted;
  }
  auto known = take(co_await ask(tls, talk, "EHLO " + talk.name), dialogue.ehlo_in_tls);
  if (known) dialogue.reached = SmtpStage::ehlo_in_tls;
  co_return known;
}

// Servers that insist on a certificate say so in TLS 1.2 during the handshake, in TLS 1.3 after it, and some
// by a reset alone.
asio::awaitable<Outcome<void>> talk_in_tls(Tls& tls, Talk& talk) {
  auto done = co_await shake_hands_and_ask(tls, talk);
  if (!done && asked_for_certificate(*tls.native_handle()))
    done.error().detail += "; the server had asked for a certificate, and got none";
  co_return done;
}

asio::awaitable<void> shut_down(Tcp&) { co_return; }
asio::awaitable<void> shut_down(Tls& tls) { co_await tls.async_shutdown(as_pair); }

// Takes leave if the server may still listen. Nothing depends on what it says.
template <class Stream>
asio::awaitable<void> finish(Stream& stream, Talk& talk, Outcome<void> outcome) {
  if (!outcome) {
    talk.dialogue.trouble = outcome.error().trouble;
    talk.dialogue.detail = std::move(outcome.error().detail);
  }
  shorten_replies(talk.dialogue);
  bool listens = outcome || outcome.error().trouble == SmtpTrouble::reply;
  if (!listens || talk.dialogue.surplus > 0) co_return;
  inner(stream).expires_at(std::min(talk.job.done_by, steady_clock::now() + goodbye_limit));
  auto left = co_await ask(stream, talk, "QUIT");
  if (left) co_await shut_down(stream);
}

asio::awaitable<Outcome<void>> talk_in_clear(Tcp& tcp, Talk& talk) {
  auto connected = co_await connect(tcp, talk.job);
  // closed: the server took the connection, and reset it before we looked.
  if (connected || connected.error().trouble == SmtpTrouble::closed)
    talk.dialogue.reached = SmtpStage::connected;
  if (!connected) co_return connected;
  error_code error;
  auto own = inner(tcp).socket().local_endpoint(error).address();
  talk.name = ehlo_name(talk.job.ehlo, talk.job.host_name, address_of(own));
  if (talk.job.request.implicit_tls) co_return Outcome<void>{};
  auto greeted = co_await greet(tcp, talk);
  if (!greeted) co_return greeted;
  auto ready = co_await start_tls(tcp, talk);
  co_return ready;
}

}  // namespace

asio::awaitable<SmtpDialogue> hold_dialogue(DialogueJob job) {
  Talk talk{.job = std::move(job), .name = {}, .dialogue = {}, .reader = ReplyReader(), .unread = {}};
  Tcp tcp(co_await asio::this_coro::executor, max_received);
  auto ready = co_await talk_in_clear(tcp, talk);
  SSL* ssl = ready ? new_smtp_client(*talk.job.tls, talk.job.request.host) : nullptr;
  if (ready && ssl == nullptr)
    ready = stop(SmtpTrouble::local, "out of memory, or the host name is too long");
  if (!ready) {
    co_await finish(tcp, talk, std::move(ready));
    co_return std::move(talk.dialogue);
  }
  Tls tls(std::move(tcp), ssl);  // takes ownership of ssl
  auto done = co_await talk_in_tls(tls, talk);
  co_await finish(tls, talk, std::move(done));
  co_return std::move(talk.dialogue);
}

}  // namespace mtasts
