#include "net/https/exchange.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "net/https/http_reading.hpp"
#include "net/https/metered.hpp"
#include "sys/local_shortage.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using http_reading::as_pair, http_reading::Outcome, http_reading::stop;

using Tcp = MeteredTcp;
using Tls = asio::ssl::stream<Tcp>;

// The coroutines of this file take references: each is awaited at once, by the caller that holds what they
// refer to.

asio::ip::tcp::endpoint endpoint_of(const Address& address, std::uint16_t port) {
  if (address.v6) return {asio::ip::address_v6(address.octets), port};
  asio::ip::address_v4::bytes_type bytes;
  std::copy_n(address.octets.begin(), bytes.size(), bytes.begin());
  return {asio::ip::address_v4(bytes), port};
}

std::string authority(const ExchangeJob& job) { return job.host + ":" + std::to_string(job.port); }

// RFC 9110 §9.3.6. The proxy resolves and judges the host of the request line.
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
  return "GET " + job.path +
         " HTTP/1.1\r\nHost: " + (job.port == (job.plain ? 80 : 443) ? job.host : authority(job)) +
         "\r\nUser-Agent: mtastsd/" + MTASTSD_VERSION + "\r\nAccept: text/plain\r\nConnection: close\r\n\r\n";
}

// Opens the tunnel. What the proxy sends after its header would be read as TLS. In TLS the server speaks
// second, so such octets are an attack or a mistake.
asio::awaitable<Outcome<void>> open_tunnel(Tcp& tcp, const ExchangeJob& job) {
  std::string request = connect_request(job);
  auto [write_error, written] = co_await asio::async_write(tcp, asio::buffer(request), as_pair);
  if (write_error) co_return stop(FetchStep::proxy, write_error);
  auto answer = co_await http_reading::read_tunnel_answer(tcp);
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  if (answer->status / 100 != 2)
    co_return stop(FetchStep::proxy, "the proxy answered CONNECT with " + std::to_string(answer->status) +
                                         " " + answer->reason + std::string(remedy_for(answer->status, job)));
  if (answer->more) co_return stop(FetchStep::proxy, "the proxy sent more than its answer to CONNECT");
  co_return Outcome<void>{};
}

asio::awaitable<Outcome<void>> connect(Tcp& metered, const ExchangeJob& job) {
  FetchStep step = job.through_proxy ? FetchStep::proxy : FetchStep::connect;
  auto& tcp = metered.next_layer();
  tcp.expires_at(job.connect_by);
  auto [error] = co_await tcp.async_connect(endpoint_of(job.dial, job.dial_port), as_pair);
  if (error) {
    auto stopped = stop(step, error);
    stopped.error().local =
        error.category() == boost::system::system_category() && is_local_shortage(error.value(), job.dial);
    co_return stopped;
  }
  // With Nagle's algorithm the request would wait a round trip for the acknowledgement of TLS's last message.
  error_code ignored;
  tcp.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  tcp.expires_at(job.done_by);  // for every operation from here on
  if (!job.through_proxy) co_return Outcome<void>{};
  auto opened = co_await open_tunnel(metered, job);
  co_return opened;
}

// The verify callback writes OpenSSL's words about the certificate into complaint. The error code of the
// handshake only says that something is wrong. OpenSSL keeps the chain only if it is good, so it is noted
// here.
void note_complaints(Tls& tls, std::string& complaint, PolicyHostSeen* seen) {
  auto note = [&complaint, seen](bool fine, asio::ssl::verify_context& context) {
    X509_STORE_CTX& store = *context.native_handle();
    bool first = seen != nullptr && seen->chain.empty() && !seen->chain_cut;
    if (first) note_chain(store, *seen);
    if (fine || !complaint.empty()) return fine;
    complaint = describe_failure(store);
    if (seen != nullptr) note_failure(store, *seen);
    return fine;
  };
  tls.set_verify_callback(note);
}

TlsTrouble trouble_of(const error_code& error) noexcept {
  bool by_tls = error.category() == asio::error::get_ssl_category();
  return by_tls ? tls_trouble(static_cast<unsigned>(error.value())) : TlsTrouble::other;
}

asio::awaitable<Outcome<void>> handshake(Tls& tls, std::string& complaint, PolicyHostSeen* seen) {
  note_complaints(tls, complaint, seen);
  auto [error] = co_await tls.async_handshake(asio::ssl::stream_base::client, as_pair);
  if (!error && !is_verified(*tls.native_handle()))
    co_return stop(FetchStep::tls, "the certificate was not verified");
  if (!error) co_return Outcome<void>{};
  if (!complaint.empty()) co_return stop(FetchStep::tls, complaint);
  if (seen != nullptr) seen->tls = trouble_of(error);
  if (error == asio::ssl::error::stream_truncated || error == asio::error::eof) {
    co_return stop(FetchStep::tls, "the server closed the connection during the handshake");
  }
  co_return stop(FetchStep::tls, error);
}

std::string too_much() {
  return "the server sent more than " + std::to_string(http_reading::max_received / 1024) +
         " KiB, TLS included";
}

template <class Stream>
asio::awaitable<Outcome<HttpAnswer>> request(Stream& stream, const ExchangeJob& job) {
  std::string text = get_request(job);
  auto [error, written] = co_await asio::async_write(stream, asio::buffer(text), as_pair);
  if (error) co_return stop(FetchStep::request, error);
  PolicyHostSeen unwanted;
  auto answer = co_await http_reading::read_answer(stream, job.seen != nullptr ? *job.seen : unwanted);
  co_return answer;
}

// Makes one exchange on a connection of its own. resume: in, whether a kept session may be offered; out,
// whether one was.
asio::awaitable<Outcome<HttpAnswer>> exchange_once(const ExchangeJob& job, bool& resume) {
  auto executor = co_await asio::this_coro::executor;
  std::string complaint;  // outlives the stream, whose callback writes to it
  if (job.seen != nullptr) *job.seen = {};
  Tcp tcp(executor, http_reading::max_received);
  bool may_resume = std::exchange(resume, false);
  auto connected = co_await connect(tcp, job);
  if (!connected) co_return std::unexpected(std::move(connected.error()));
  if (job.plain) {
    auto answer = co_await request(tcp, job);
    co_return answer;
  }
  SSL* ssl = new_client(*job.tls, job.host);
  if (ssl == nullptr) co_return stop(FetchStep::tls, "out of memory");
  Tls tls(std::move(tcp), ssl);  // takes ownership of ssl
  if (job.sessions) resume = use_sessions(*ssl, job.sessions, job.host, may_resume);
  auto trusted = co_await handshake(tls, complaint, job.seen);
  if (!trusted && tls.next_layer().exceeded()) co_return stop(FetchStep::tls, too_much());
  if (!trusted) co_return std::unexpected(std::move(trusted.error()));
  auto answer = co_await request(tls, job);
  if (!answer && tls.next_layer().exceeded()) {
    if (job.seen != nullptr) job.seen->too_large = true;
    co_return stop(FetchStep::response, too_much());
  }
  if (answer) end_well(*ssl);
  co_return answer;
}

}  // namespace

asio::awaitable<std::expected<HttpAnswer, ExchangeError>> exchange(ExchangeJob job) {
  bool resume = true;
  auto answer = co_await exchange_once(job, resume);
  bool resuming_failed = !answer && resume && answer.error().step == FetchStep::tls;
  if (!resuming_failed || std::chrono::steady_clock::now() >= job.done_by) co_return answer;
  job.connect_by = job.done_by;  // the host has just been reached
  resume = false;
  auto again = co_await exchange_once(job, resume);
  co_return again;
}

}  // namespace mtasts
