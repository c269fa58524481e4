// first_expiry - when the first certificate expires, of those that servers showed for themselves. Pure.
#pragma once

#include <optional>
#include <span>

#include "diagnose/judge_smtp.hpp"
#include "lookup/trace.hpp"

namespace mtasts {

// Of the policy host, the MX hosts and the servers for submission in a trace, but not of what is shown
// without SNI. nullopt: no certificate was seen.
std::optional<Time> first_expiry(const Trace& trace);

// Of a mail server on its ports.
std::optional<Time> first_expiry(std::span<const SmtpHostFacts> ports);

}  // namespace mtasts
