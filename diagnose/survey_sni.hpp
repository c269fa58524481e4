// survey_sni - a second dialogue with each MX host, in which the handshake does not name it (SNI). Part of
// examine.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

#include "diagnose/survey.hpp"

namespace mtasts {

struct CheckTime {
  std::chrono::steady_clock::time_point begin, deadline;
};

// For each host, at the first address whose dialogue has come to its end. Call it once the dialogues with all
// MX hosts are over. A host that turned this client away somewhere (421, or a greeting or EHLO refused) is
// left alone. Nothing is asked if less time is left than was needed so far: what the check has is more than
// this can add.
boost::asio::awaitable<bool> survey_without_sni(std::shared_ptr<Survey> all, Smtp& smtp, CheckTime time);

}  // namespace mtasts
