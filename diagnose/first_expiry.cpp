#include "diagnose/first_expiry.hpp"

#include <algorithm>

#include "x509/certificate.hpp"

namespace mtasts {
namespace {

void count(const std::vector<std::string>& chain, std::optional<Time>& first) {
  if (chain.empty()) return;
  auto leaf = read_certificate(chain.front());
  if (leaf) first = std::min(first.value_or(leaf->not_after), leaf->not_after);
}

}  // namespace

std::optional<Time> first_expiry(const Trace& trace) {
  std::optional<Time> first;
  for (const Step& step : trace) {
    const auto* smtp = std::get_if<SmtpStep>(&step);
    // What is shown to clients without SNI need not be meant for anybody.
    if (smtp != nullptr && smtp->dialogue.tls && !smtp->request.host.empty())
      count(smtp->dialogue.tls->chain, first);
    if (const auto* host = std::get_if<PolicyHostStep>(&step)) count(host->answer.seen.chain, first);
  }
  return first;
}

std::optional<Time> first_expiry(std::span<const SmtpHostFacts> ports) {
  std::optional<Time> first;
  for (const SmtpHostFacts& port : ports)
    for (const SmtpAddressFacts& each : port.addresses)
      if (each.dialogue.tls) count(each.dialogue.tls->chain, first);
  return first;
}

}  // namespace mtasts
