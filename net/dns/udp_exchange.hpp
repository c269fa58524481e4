// udp_exchange - one question over UDP, and the first datagram that is an answer to it. Part of net/dns.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

namespace mtasts {

struct UdpFailure {
  boost::system::error_code error;  // timed_out: no answer by the deadline
  bool sent = false;                // false: the question did not leave this host
};

// Sends the question once over a connected socket, so that only the server's datagrams come through. Those
// that is_answer refuses are skipped; they may be late answers to an earlier question. What is behind the
// first 4096 octets of a datagram is cut off.
boost::asio::awaitable<std::expected<std::string, UdpFailure>> exchange_udp(
    boost::asio::ip::udp::endpoint server, std::string question,
    std::chrono::steady_clock::time_point deadline, std::function<bool(std::string_view)> is_answer);

// For a question's id.
std::uint16_t random_id();

// The octets of a number in a DNS message, and back. REQUIRES: bytes has two octets from `at`.
std::string u16(unsigned value);
unsigned u16_at(std::string_view bytes, std::size_t at) noexcept;

}  // namespace mtasts
