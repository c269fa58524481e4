// http_reading - reads HTTP answers from any stream of octets: a policy host's over TLS, a proxy's to
// CONNECT. Only exchange and the fuzzers include it, so that nothing else depends on Boost.Beast.
//
// exchange.hpp lists the limits and what is refused. The coroutines take references: the caller must hold
// what they refer to, and await each of them at once.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <optional>
#include <string>
#include <utility>

#include "core/finding.hpp"
#include "core/sts_policy.hpp"
#include "net/https/exchange.hpp"
#include "net/https/http_head.hpp"

namespace mtasts::http_reading {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

inline constexpr std::uint32_t max_header = 16 * 1024;
inline constexpr std::size_t max_wire = 256 * 1024;      // of HTTP, on one connection
inline constexpr std::size_t max_received = 384 * 1024;  // from one connection, TLS and certificates included
inline constexpr std::size_t read_at_once = 4096;
inline constexpr auto as_pair = asio::as_tuple(asio::use_awaitable);

using Parser = http::response_parser<http::buffer_body>;
template <class T>
using Outcome = std::expected<T, ExchangeError>;

// The state of one connection. buffer may hold the beginning of the body; wire counts the octets that HTTP
// took from TLS.
struct Reading {
  beast::flat_buffer buffer{2 * max_header};
  std::size_t wire = 0;
};

inline std::unexpected<ExchangeError> stop(FetchStep step, std::string detail) {
  return std::unexpected(ExchangeError{step, std::move(detail), false});
}

inline std::unexpected<ExchangeError> stop(FetchStep step, const error_code& error) {
  if (error == beast::error::timeout) return std::unexpected(ExchangeError{step, "no answer in time", true});
  if (error == asio::ssl::error::stream_truncated)
    return stop(step, "the connection was cut (no close_notify)");
  if (error == asio::error::eof) return stop(step, "the server closed the connection");
  if (error == http::error::end_of_stream)
    return stop(step, "the server closed the connection without an answer");
  if (error == http::error::partial_message) return stop(step, "the connection ended before the answer did");
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

// Moves a head from the buffer into the parser. read_head() has already checked its size.
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

// Reads the headers of the final answer; interim answers are skipped. 101 counts as final, because nobody
// asked for an upgrade.
template <class Stream>
asio::awaitable<Outcome<void>> read_header(Stream& stream, Reading& reading, std::optional<Parser>& parser) {
  for (;;) {
    parser.emplace();
    parser->body_limit(boost::none);  // read_body() counts; the size matters only if the status is 200
    auto size = co_await read_head(stream, reading.buffer, FetchStep::response);
    if (!size) co_return std::unexpected(std::move(size.error()));
    reading.wire += *size;
    if (reading.wire > max_wire) co_return stop(FetchStep::response, "more than 256 KiB of HTTP");
    auto head = take_head(reading.buffer, *size, *parser, FetchStep::response);
    if (!head) co_return std::unexpected(std::move(head.error()));
    unsigned status = parser->get().result_int();
    if (status / 100 != 1 || status == 101) co_return Outcome<void>{};
  }
}

// The Content-Type; empty: there is none. nullopt: there are different ones, which can be read in two ways.
inline std::optional<std::string> content_type(const Parser& parser) {
  std::optional<std::string> only;
  auto [first, last] = parser.get().equal_range(http::field::content_type);
  for (auto it = first; it != last; ++it) {
    std::string value(it->value().data(), it->value().size());
    if (only && *only != value) return std::nullopt;
    only = std::move(value);
  }
  return only.value_or("");
}

// The first value of the field that is not this word; nullopt: there is none.
inline std::optional<std::string> other_than(const Parser& parser, http::field field,
                                             beast::string_view word) {
  auto [first, last] = parser.get().equal_range(field);
  for (auto it = first; it != last; ++it) {
    if (!beast::iequals(it->value(), word)) return std::string(it->value().data(), it->value().size());
  }
  return std::nullopt;
}

inline bool is_too_large(const Parser& parser) {
  return parser.content_length().value_or(0) > max_policy_bytes;
}

inline std::optional<std::string> refuse_body(const Parser& parser) {
  if (auto coding = other_than(parser, http::field::content_encoding, "identity"))
    return "the policy is sent in the content coding " + in_quotes(*coding, 40) + ", which was not asked for";
  if (auto coding = other_than(parser, http::field::transfer_encoding, "chunked"))
    return "the policy is sent in the transfer coding " + in_quotes(*coding, 40) + "; only chunked is read";
  if (is_too_large(parser)) return "the policy is larger than 64 KiB";
  return std::nullopt;
}

inline std::string kept(beast::string_view value) {
  return {value.data(), std::min(value.size(), max_header_octets)};
}

inline void note_head(const Parser& parser, PolicyHostSeen& seen) {
  seen.status = parser.get().result_int();
  if (seen.status / 100 == 3) seen.location = kept(parser.get()[http::field::location]);
  seen.content_encoding = kept(other_than(parser, http::field::content_encoding, "identity").value_or(""));
  seen.too_large = seen.status == 200 && is_too_large(parser);
}

inline bool is_cut(const error_code& error) noexcept {
  return error == http::error::partial_message || error == asio::ssl::error::stream_truncated ||
         error == asio::error::eof || error == asio::error::connection_reset;
}

template <class Stream>
asio::awaitable<Outcome<std::string>> read_body(Stream& stream, Reading& reading, Parser& parser,
                                                PolicyHostSeen& seen) {
  std::string body;
  std::array<char, 4096> chunk;
  while (!parser.is_done()) {
    parser.get().body().data = chunk.data();
    parser.get().body().size = chunk.size();
    auto [error, taken] = co_await http::async_read_some(stream, reading.buffer, parser, as_pair);
    seen.cut_short = is_cut(error);
    if (error && error != http::error::need_buffer) co_return stop(FetchStep::response, error);
    body.append(chunk.data(), chunk.size() - parser.get().body().size);
    reading.wire += taken;
    seen.too_large = body.size() > max_policy_bytes || reading.wire > max_wire;
    if (body.size() > max_policy_bytes)
      co_return stop(FetchStep::response, "the policy is larger than 64 KiB");
    if (reading.wire > max_wire) co_return stop(FetchStep::response, "more than 256 KiB of HTTP");
  }
  co_return body;
}

// A policy host's final answer. What is seen of it is added to seen, also if it is refused.
template <class Stream>
asio::awaitable<Outcome<HttpAnswer>> read_answer(Stream& stream, PolicyHostSeen& seen) {
  Reading reading;
  std::optional<Parser> parser;
  auto header = co_await read_header(stream, reading, parser);
  if (!header) co_return std::unexpected(std::move(header.error()));
  HttpAnswer answer;
  note_head(*parser, seen);
  answer.status = seen.status;
  auto type = content_type(*parser);
  answer.content_type = type.value_or("");
  if (answer.status != 200) co_return answer;
  if (!type) co_return stop(FetchStep::response, "different Content-Type headers");
  if (auto why = refuse_body(*parser)) co_return stop(FetchStep::response, std::move(*why));
  auto body = co_await read_body(stream, reading, *parser, seen);
  if (!body) co_return std::unexpected(std::move(body.error()));
  answer.body = std::move(*body);
  co_return answer;
}

// A proxy's answer to CONNECT.
struct TunnelAnswer {
  unsigned status = 0;
  std::string reason;  // printable
  bool more = false;   // more octets followed, which would be read as the server's
};

template <class Stream>
asio::awaitable<Outcome<TunnelAnswer>> read_tunnel_answer(Stream& stream) {
  beast::flat_buffer buffer(2 * max_header);
  http::response_parser<http::empty_body> parser;
  parser.skip(true);
  auto size = co_await read_head(stream, buffer, FetchStep::proxy);
  if (!size) co_return std::unexpected(std::move(size.error()));
  auto head = take_head(buffer, *size, parser, FetchStep::proxy);
  if (!head) co_return std::unexpected(std::move(head.error()));
  auto reason = parser.get().reason();
  co_return TunnelAnswer{parser.get().result_int(), printable({reason.data(), reason.size()}),
                         buffer.size() != 0};
}

}  // namespace mtasts::http_reading
