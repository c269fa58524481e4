#include "net/https/exchange.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <utility>

#include "core/finding.hpp"
#include "core/sts_policy.hpp"
#include "net/https/http_head.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::uint32_t max_header = 16 * 1024;
constexpr std::size_t max_wire = 1024 * 1024;
constexpr std::size_t read_at_once = 4096;
constexpr auto as_pair = asio::as_tuple(asio::use_awaitable);

using Tcp = beast::tcp_stream;
using Tls = asio::ssl::stream<Tcp>;
using Parser = http::response_parser<http::buffer_body>;
template <class T>
using Outcome = std::expected<T, ExchangeError>;

// The coroutines of this file take references: each is awaited at once by the caller that holds what they
// refer to.

// What one connection has: the buffer may hold the beginning of the body, wire counts what HTTP took from
// TLS.
struct Reading {
  beast::flat_buffer buffer{2 * max_header};
  std::size_t wire = 0;
};

std::unexpected<ExchangeError> stop(FetchStep step, std::string detail) {
  return std::unexpected(ExchangeError{step, std::move(detail), false});
}

std::unexpected<ExchangeError> stop(FetchStep step, const error_code& error) {
  if (error == beast::error::timeout) return std::unexpected(ExchangeError{step, "no answer in time", true});
  if (error == asio::ssl::error::stream_truncated)
    return stop(step, "the connection was cut (no close_notify)");
  if (error == asio::error::eof) return stop(step, "the server closed the connection");
  if (error == http::error::end_of_stream)
    return stop(step, "the server closed the connection without an answer");
  if (error == http::error::partial_message) return stop(step, "the connection ended within the answer");
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return stop(step, "the headers are larger than 16 KiB");
  }
  if (error.category() == asio::error::get_ssl_category())
    return stop(step, printable(openssl_words(static_cast<unsigned>(error.value())), 200));
  return stop(step, printable(error.message(), 200));
}

// Reads until the head of an answer is in the buffer. Returns its size.
template <class Stream>
asio::awaitable<Outcome<std::size_t>> read_head(Stream& stream, beast::flat_buffer& buffer, FetchStep step) {
  auto bytes = [&buffer] {
    return std::string_view(static_cast<const char*>(buffer.data().data()), buffer.size());
  };
  std::size_t searched = 0;
  for (;;) {
    auto wrong = refuse_beginning(bytes());
    if (!wrong.empty()) co_return stop(step, std::move(wrong));
    auto size = head_size(bytes(), searched);
    if (size.value_or(buffer.size()) > max_header) co_return stop(step, http::error::header_limit);
    if (size) co_return *size;
    searched = buffer.size();
    auto [error, taken] = co_await stream.async_read_some(buffer.prepare(read_at_once), as_pair);
    if (error == asio::error::eof)
      co_return stop(step, searched > 0 ? http::error::partial_message : http::error::end_of_stream);
    if (error) co_return stop(step, error);
    buffer.commit(taken);
  }
}

// Takes a head off the buffer and gives it to the parser. Its limit is held by read_head().
template <class Body>
Outcome<void> take_head(beast::flat_buffer& buffer, std::size_t size, http::response_parser<Body>& parser,
                        FetchStep step) {
  std::string_view head(static_cast<const char*>(buffer.data().data()), size);
  if (auto wrong = refuse_status_line(head); !wrong.empty()) return stop(step, std::move(wrong));
  std::string plain = plain_head(head);
  buffer.consume(size);
  parser.header_limit(static_cast<std::uint32_t>(plain.size() + 1));
  error_code error;
  parser.put(asio::buffer(plain), error);
  if (error) return stop(step, error);
  return {};
}

asio::ip::tcp::endpoint endpoint_of(const Address& address, std::uint16_t port) {
  if (address.v6) return {asio::ip::address_v6(address.octets), port};
  asio::ip::address_v4::bytes_type bytes;
  std::copy_n(address.octets.begin(), bytes.size(), bytes.begin());
  return {asio::ip::address_v4(bytes), port};
}

std::string authority(const ExchangeJob& job) { return job.host + ":" + std::to_string(job.port); }

// RFC 9110 §9.3.6. The host of the request line is the proxy's to resolve and to judge.
std::string connect_request(const ExchangeJob& job) {
  std::string login =
      job.proxy_authorization.empty() ? "" : "Proxy-Authorization: " + job.proxy_authorization + "\r\n";
  return "CONNECT " + authority(job) + " HTTP/1.1\r\nHost: " + authority(job) + "\r\nUser-Agent: mtastsd/" +
         MTASTSD_VERSION + "\r\n" + login + "\r\n";
}

// What the administrator can do about a proxy that wants a login.
std::string_view remedy_for(unsigned status, const ExchangeJob& job) noexcept {
  if (status != 407) return {};
  return job.proxy_authorization.empty() ? "; it wants a login: set [https] proxy_credentials_file"
                                         : "; it does not accept the login in [https] proxy_credentials_file";
}

std::string get_request(const ExchangeJob& job) {
  return "GET " + job.path + " HTTP/1.1\r\nHost: " + (job.port == 443 ? job.host : authority(job)) +
         "\r\nUser-Agent: mtastsd/" + MTASTSD_VERSION + "\r\nAccept: text/plain\r\nConnection: close\r\n\r\n";
}

// Opens the tunnel. What the proxy sends behind its header would be read as TLS: a server speaks second in
// TLS, so such bytes are an attack or a mistake.
asio::awaitable<Outcome<void>> open_tunnel(Tcp& tcp, const ExchangeJob& job) {
  std::string request = connect_request(job);
  auto [write_error, written] = co_await asio::async_write(tcp, asio::buffer(request), as_pair);
  if (write_error) co_return stop(FetchStep::proxy, write_error);
  beast::flat_buffer buffer(2 * max_header);
  http::response_parser<http::empty_body> parser;
  parser.skip(true);
  auto size = co_await read_head(tcp, buffer, FetchStep::proxy);
  if (!size) co_return std::unexpected(std::move(size.error()));
  auto head = take_head(buffer, *size, parser, FetchStep::proxy);
  if (!head) co_return std::unexpected(std::move(head.error()));
  unsigned status = parser.get().result_int();
  if (status / 100 != 2) {
    std::string reason = printable({parser.get().reason().data(), parser.get().reason().size()});
    co_return stop(FetchStep::proxy, "the proxy answered CONNECT with " + std::to_string(status) + " " +
                                         reason + std::string(remedy_for(status, job)));
  }
  if (buffer.size() != 0) co_return stop(FetchStep::proxy, "the proxy sent more than its answer to CONNECT");
  co_return Outcome<void>{};
}

asio::awaitable<Outcome<void>> connect(Tcp& tcp, const ExchangeJob& job) {
  FetchStep step = job.through_proxy ? FetchStep::proxy : FetchStep::connect;
  tcp.expires_at(job.connect_by);
  auto [error] = co_await tcp.async_connect(endpoint_of(job.dial, job.dial_port), as_pair);
  if (error) co_return stop(step, error);
  error_code
      ignored;  // else the request waits a round trip for the acknowledgement of TLS's last message (Nagle)
  tcp.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  tcp.expires_at(job.done_by);  // stands for every operation from here on
  if (!job.through_proxy) co_return Outcome<void>{};
  auto opened = co_await open_tunnel(tcp, job);
  co_return opened;
}

// OpenSSL's own words about the certificate are told by the verify callback, into complaint; the error code
// of the handshake only says that there is something.
void note_complaints(Tls& tls, std::string& complaint) {
  auto note = [&complaint](bool fine, asio::ssl::verify_context& context) {
    if (!fine && complaint.empty()) complaint = describe_failure(*context.native_handle());
    return fine;
  };
  tls.set_verify_callback(note);
}

asio::awaitable<Outcome<void>> handshake(Tls& tls, std::string& complaint) {
  note_complaints(tls, complaint);
  auto [error] = co_await tls.async_handshake(asio::ssl::stream_base::client, as_pair);
  if (!error && !is_verified(*tls.native_handle()))
    co_return stop(FetchStep::tls, "nobody verified the certificate");
  if (!error) co_return Outcome<void>{};
  if (!complaint.empty()) co_return stop(FetchStep::tls, complaint);
  if (error == asio::ssl::error::stream_truncated || error == asio::error::eof) {
    co_return stop(FetchStep::tls, "the server closed the connection in the handshake");
  }
  co_return stop(FetchStep::tls, error);
}

// Reads headers until those of a final answer. 101 is final too: nobody asked for an upgrade.
asio::awaitable<Outcome<void>> read_header(Tls& tls, Reading& reading, std::optional<Parser>& parser) {
  for (;;) {
    parser.emplace();
    parser->body_limit(boost::none);  // counted in read_body(), and of no interest unless the status is 200
    auto size = co_await read_head(tls, reading.buffer, FetchStep::response);
    if (!size) co_return std::unexpected(std::move(size.error()));
    reading.wire += *size;
    if (reading.wire > max_wire) co_return stop(FetchStep::response, "more than 1 MiB of HTTP");
    auto head = take_head(reading.buffer, *size, *parser, FetchStep::response);
    if (!head) co_return std::unexpected(std::move(head.error()));
    unsigned status = parser->get().result_int();
    if (status / 100 != 1 || status == 101) co_return Outcome<void>{};
  }
}

// One Content-Type, or several that say the same. Different ones can be read in two ways: nullopt.
std::optional<std::string> content_type(const Parser& parser) {
  std::optional<std::string> only;
  auto [first, last] = parser.get().equal_range(http::field::content_type);
  for (auto it = first; it != last; ++it) {
    std::string value(it->value().data(), it->value().size());
    if (only && *only != value) return std::nullopt;
    only = std::move(value);
  }
  return only.value_or("");
}

// The first value of the field that is not this word, for a message; nullopt: there is none.
std::optional<std::string> other_than(const Parser& parser, http::field field, beast::string_view word) {
  auto [first, last] = parser.get().equal_range(field);
  for (auto it = first; it != last; ++it) {
    if (!beast::iequals(it->value(), word))
      return "\"" + printable({it->value().data(), it->value().size()}, 40) + "\"";
  }
  return std::nullopt;
}

std::optional<std::string> refuse_body(const Parser& parser) {
  if (auto coding = other_than(parser, http::field::content_encoding, "identity"))
    return "it is sent in the content coding " + *coding + ", which was not asked for";
  if (auto coding = other_than(parser, http::field::transfer_encoding, "chunked"))
    return "it is sent in the transfer coding " + *coding + "; only chunked is read";
  if (parser.content_length().value_or(0) > max_policy_bytes) return "the policy is larger than 64 KiB";
  return std::nullopt;
}

asio::awaitable<Outcome<std::string>> read_body(Tls& tls, Reading& reading, Parser& parser) {
  std::string body;
  std::array<char, 4096> chunk;
  while (!parser.is_done()) {
    parser.get().body().data = chunk.data();
    parser.get().body().size = chunk.size();
    auto [error, taken] = co_await http::async_read_some(tls, reading.buffer, parser, as_pair);
    if (error && error != http::error::need_buffer) co_return stop(FetchStep::response, error);
    body.append(chunk.data(), chunk.size() - parser.get().body().size);
    if (body.size() > max_policy_bytes)
      co_return stop(FetchStep::response, "the policy is larger than 64 KiB");
    reading.wire += taken;
    if (reading.wire > max_wire) co_return stop(FetchStep::response, "more than 1 MiB of HTTP");
  }
  co_return body;
}

asio::awaitable<Outcome<HttpAnswer>> request(Tls& tls, const ExchangeJob& job) {
  std::string text = get_request(job);
  auto [error, written] = co_await asio::async_write(tls, asio::buffer(text), as_pair);
  if (error) co_return stop(FetchStep::request, error);
  Reading reading;
  std::optional<Parser> parser;
  auto header = co_await read_header(tls, reading, parser);
  if (!header) co_return std::unexpected(std::move(header.error()));
  HttpAnswer answer;
  answer.status = parser->get().result_int();
  auto type = content_type(*parser);
  answer.content_type = type.value_or("");
  if (answer.status != 200) co_return answer;
  if (!type) co_return stop(FetchStep::response, "different Content-Type headers");
  if (auto why = refuse_body(*parser)) co_return stop(FetchStep::response, std::move(*why));
  auto body = co_await read_body(tls, reading, *parser);
  if (!body) co_return std::unexpected(std::move(body.error()));
  answer.body = std::move(*body);
  co_return answer;
}

// On a connection of its own. resume: a kept session may be offered; set to whether one was.
asio::awaitable<Outcome<HttpAnswer>> exchange_once(const ExchangeJob& job, bool& resume) {
  auto executor = co_await asio::this_coro::executor;
  std::string complaint;  // outlives the stream, whose callback writes to it
  Tcp tcp(executor);
  bool may_resume = std::exchange(resume, false);
  auto connected = co_await connect(tcp, job);
  if (!connected) co_return std::unexpected(std::move(connected.error()));
  SSL* ssl = new_client(*job.tls, job.host);
  if (ssl == nullptr) co_return stop(FetchStep::tls, "out of memory");
  Tls tls(std::move(tcp), ssl);  // takes ssl
  if (job.sessions) resume = use_sessions(*ssl, job.sessions, job.host, may_resume);
  auto trusted = co_await handshake(tls, complaint);
  if (!trusted) co_return std::unexpected(std::move(trusted.error()));
  auto answer = co_await request(tls, job);
  if (answer) end_well(*ssl);
  co_return answer;
}

}  // namespace

asio::awaitable<std::expected<HttpAnswer, ExchangeError>> exchange(ExchangeJob job) {
  bool resume = true;
  auto answer = co_await exchange_once(job, resume);
  bool resuming_failed = !answer && resume && answer.error().step == FetchStep::tls;
  if (!resuming_failed || std::chrono::steady_clock::now() >= job.done_by) co_return answer;
  job.connect_by = job.done_by;  // it could be reached just now
  resume = false;
  auto again = co_await exchange_once(job, resume);
  co_return again;
}

}  // namespace mtasts
