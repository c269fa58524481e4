#include "net/dns/ad_probe.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <random>

namespace mtasts {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using std::chrono::steady_clock;
constexpr asio::as_tuple_t<asio::use_awaitable_t<>> with_error;

// RFC 1035 §4.1.1; AD: RFC 4035 §3.1.6.
constexpr unsigned response_bit = 0x8000, opcode = 0x7800, truncated = 0x0200, recursion = 0x0100,
                   authentic = 0x0020, rcode = 0x000F;
constexpr std::string_view root_ns{"\0\0\2\0\1", 5};  // the name ".", type NS, class IN
constexpr std::size_t header = 12;

std::string u16(unsigned value) {
  return {static_cast<char>(value >> 8 & 0xFF), static_cast<char>(value & 0xFF)};
}

unsigned u16_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) << 8 |
         static_cast<unsigned char>(bytes[at + 1]);
}

std::uint16_t random_id() {
  std::random_device source;
  return static_cast<std::uint16_t>(source());
}

// Asio looks up the interface. If that is not there now, the server can't be asked.
udp::endpoint endpoint_of(const AdProbe& probe, boost::system::error_code& error) {
  auto text = to_string(probe.server);
  if (!probe.interface.empty()) text += "%" + probe.interface;
  return {asio::ip::make_address(text, error), probe.port};
}

// A socket, and the timer that ends the wait on it. The timer's handler touches the socket only while that
// exists.
struct Exchange {
  explicit Exchange(const asio::any_io_executor& executor) : socket(executor), timer(executor) {}
  udp::socket socket;
  asio::steady_timer timer;
};

void give_up_at(const std::shared_ptr<Exchange>& exchange, steady_clock::time_point deadline) {
  exchange->timer.expires_at(deadline);
  exchange->timer.async_wait([weak = std::weak_ptr(exchange)](boost::system::error_code error) {
    boost::system::error_code ignored;
    if (auto alive = weak.lock(); alive && !error) alive->socket.close(ignored);
  });
}

// Datagrams that are not an answer to this question are skipped. The kernel lets only the server's through,
// but one may be a late answer to the previous question.
asio::awaitable<AdSeen> ask_once(AdProbe probe) {
  auto exchange = std::make_shared<Exchange>(co_await asio::this_coro::executor);
  boost::system::error_code error;
  auto server = endpoint_of(probe, error);
  if (!error) exchange->socket.connect(server, error);
  if (error) co_return AdSeen::no_answer;
  give_up_at(exchange, steady_clock::now() + probe.timeout);
  std::uint16_t id = random_id();
  std::string question = ad_question(id);
  exchange->socket.send(asio::buffer(question), 0, error);
  std::array<char, 4096> buffer;
  while (!error) {
    auto [failed, size] = co_await exchange->socket.async_receive(asio::buffer(buffer), with_error);
    if (failed) co_return AdSeen::no_answer;
    std::string_view answer(buffer.data(), size);
    if (answer.size() >= 2 && u16_at(answer, 0) == id) co_return judge_ad(answer, id);
  }
  co_return AdSeen::no_answer;
}

}  // namespace

std::string ad_question(std::uint16_t id) {
  constexpr unsigned opt = 41, payload = 1232, dnssec_ok = 0x8000;
  std::string out = u16(id) + u16(recursion | authentic) + u16(1) + u16(0) + u16(0) + u16(1);
  out += root_ns;
  out += '\0';  // the owner of OPT is the root
  return out + u16(opt) + u16(payload) + u16(0) + u16(dnssec_ok) + u16(0);
}

AdSeen judge_ad(std::string_view answer, std::uint16_t id) noexcept {
  if (answer.size() < header + root_ns.size() || u16_at(answer, 0) != id) return AdSeen::no_answer;
  unsigned flags = u16_at(answer, 2);
  bool an_answer = (flags & response_bit) != 0 && (flags & (opcode | rcode)) == 0 && u16_at(answer, 4) == 1 &&
                   answer.substr(header, root_ns.size()) == root_ns;
  if (!an_answer) return AdSeen::no_answer;
  if ((flags & authentic) != 0) return AdSeen::yes;
  return (flags & truncated) != 0 ? AdSeen::no_answer : AdSeen::no;  // Postfix would ask again over TCP
}

asio::awaitable<AdSeen> probe_ad(AdProbe probe) {
  AdSeen seen = co_await ask_once(probe);
  if (seen == AdSeen::no_answer) seen = co_await ask_once(probe);
  co_return seen;
}

}  // namespace mtasts
