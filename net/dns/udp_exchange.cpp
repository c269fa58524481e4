#include "net/dns/udp_exchange.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <random>

namespace mtasts {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using Deadline = std::chrono::steady_clock::time_point;
constexpr asio::as_tuple_t<asio::use_awaitable_t<>> with_error;

// A socket, and the timer that ends the wait on it. The timer's handler touches the socket only while that
// exists.
struct Exchange {
  explicit Exchange(const asio::any_io_executor& executor) : socket(executor), timer(executor) {}
  udp::socket socket;
  asio::steady_timer timer;
  bool over = false;
};

void give_up_at(const std::shared_ptr<Exchange>& exchange, Deadline deadline) {
  exchange->timer.expires_at(deadline);
  exchange->timer.async_wait([weak = std::weak_ptr(exchange)](boost::system::error_code error) {
    boost::system::error_code ignored;
    auto alive = weak.lock();
    if (!alive || error) return;
    alive->over = true;
    alive->socket.close(ignored);
  });
}

}  // namespace

asio::awaitable<std::expected<std::string, UdpFailure>> exchange_udp(
    udp::endpoint server, std::string question, Deadline deadline,
    std::function<bool(std::string_view)> is_answer) {
  auto exchange = std::make_shared<Exchange>(co_await asio::this_coro::executor);
  boost::system::error_code error;
  exchange->socket.connect(server, error);
  if (!error) exchange->socket.send(asio::buffer(question), 0, error);
  if (error) co_return std::unexpected(UdpFailure{error});
  give_up_at(exchange, deadline);
  std::array<char, 4096> buffer;
  for (;;) {
    auto [failed, size] = co_await exchange->socket.async_receive(asio::buffer(buffer), with_error);
    if (exchange->over) co_return std::unexpected(UdpFailure{asio::error::timed_out, true});
    if (failed) co_return std::unexpected(UdpFailure{failed, true});
    std::string_view datagram(buffer.data(), size);
    if (is_answer(datagram)) co_return std::string(datagram);
  }
}

std::uint16_t random_id() {
  std::random_device source;
  return static_cast<std::uint16_t>(source());
}

std::string u16(unsigned value) {
  return {static_cast<char>(value >> 8 & 0xFF), static_cast<char>(value & 0xFF)};
}

unsigned u16_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) << 8 |
         static_cast<unsigned char>(bytes[at + 1]);
}

}  // namespace mtasts
