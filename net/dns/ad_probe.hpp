// ad_probe - does a resolver say that it validated (the AD bit), when asked as Postfix asks it?
//
// Postfix >= 3.6 sets RES_TRUSTAD itself and probes "." NS (PFX-8, PFX-33), so resolv.conf's trust-ad option
// does not matter. One UDP question with RD, AD and EDNS DO (RFC 6840 §5.7), its id random, over a connected
// socket; 2 seconds, twice. The bit says what this Postfix will believe, not that an answer is true (DANE-3).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/address.hpp"

namespace mtasts {

enum class AdSeen {
  yes,
  no,         // it answers, without the bit
  no_answer,  // silence, a refusal, or an answer that is none
};

struct AdProbe {
  Address server;
  std::string interface{};  // of a link-local server: "eth0", or its number; else empty
  std::uint16_t port = 53;
  std::chrono::milliseconds timeout{2000};  // of each of two tries
};

// The question in wire form (RFC 1035 §4.1, RFC 6891 §6.1).
std::string ad_question(std::uint16_t id);

// What an answer to ad_question(id) says. Strict: the same id and question, a response, rcode 0; cut
// off it can only say yes.
AdSeen judge_ad(std::string_view answer, std::uint16_t id) noexcept;

// Always ends, after two timeouts at the latest.
boost::asio::awaitable<AdSeen> probe_ad(AdProbe probe);

}  // namespace mtasts
