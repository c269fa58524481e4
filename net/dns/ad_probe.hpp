// ad_probe - does a resolver set the AD bit, which says that it has validated, when asked as Postfix asks it?
//
// Postfix >= 3.6 sets RES_TRUSTAD itself and probes "." NS (PFX-8, PFX-33), so resolv.conf's trust-ad option
// does not matter. The probe is one UDP question with RD, AD and EDNS DO (RFC 6840 §5.7) and a random id,
// over a connected socket. It waits 2 seconds, and tries twice. The bit says what Postfix will believe, not
// that an answer is true (DANE-3).
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
  no_answer,  // silence, a refusal, or something that is not an answer to the question
};

struct AdProbe {
  Address server;
  std::string interface{};  // of a link-local server: "eth0", or its number; else empty
  std::uint16_t port = 53;
  std::chrono::milliseconds timeout{2000};  // of each of two tries
};

// The question in wire form (RFC 1035 §4.1, RFC 6891 §6.1).
std::string ad_question(std::uint16_t id);

// What an answer to ad_question(id) says. It must be a response with the same id and question and with rcode
// 0; otherwise no_answer. A truncated answer without the bit is no_answer too.
AdSeen judge_ad(std::string_view answer, std::uint16_t id) noexcept;

// Asks the server. Always ends, after two timeouts at the latest.
boost::asio::awaitable<AdSeen> probe_ad(AdProbe probe);

}  // namespace mtasts
