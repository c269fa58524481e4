#include "diagnose/senders.hpp"

#include <algorithm>

#include "core/catalogue.hpp"
#include "core/reply.hpp"

namespace mtasts {
namespace {

Prediction as_postfix(std::string_view reply, const PredictedRoute& route, TlsLevel level) {
  PredictedPostfix postfix;
  postfix.main_level = level;
  postfix.does_dane = level == TlsLevel::dane;
  return predict(reply, route, postfix);
}

// Whether TLS was verified is left out: it differs between the kinds wherever all is well.
std::string_view fate(const Prediction& prediction) noexcept {
  switch (prediction.outcome) {
    case Outcome::delivered_verified: return "delivered";
    case Outcome::delivered_unverified: return prediction.in_clear ? "delivered without TLS" : "delivered";
    case Outcome::deferred:
      return prediction.later_in_clear ? "deferred, then delivered without TLS" : "deferred";
    case Outcome::bounced: return "returned";
    case Outcome::unknown: return "unknown";
  }
  return {};
}

}  // namespace

std::vector<SenderOutcome> sender_outcomes(const SendersFacts& facts) {
  return {
      {"mta-sts-and-dane", "Postfix with mtastsd", facts.both},
      {"mta-sts", "senders with MTA-STS alone, such as Gmail",
       as_postfix(facts.sts_reply, facts.route, TlsLevel::may)},
      {"dane", "senders with DANE alone", as_postfix(not_found_reply, facts.route, TlsLevel::dane)},
      {"neither", "senders with neither", as_postfix(not_found_reply, facts.route, TlsLevel::may)},
  };
}

Findings judge_senders(const std::vector<SenderOutcome>& senders) {
  std::string_view first;
  bool differ = false;
  std::string text;
  for (const SenderOutcome& each : senders) {
    std::string_view becomes = fate(each.prediction);
    if (each.prediction.outcome == Outcome::unknown) continue;
    differ = differ || (!first.empty() && becomes != first);
    first = becomes;
    text.append(text.empty() ? "" : "; ").append(each.who).append(": ").append(becomes);
    bool waits = each.prediction.outcome == Outcome::deferred || each.prediction.outcome == Outcome::bounced;
    if (waits && !each.prediction.reason.empty()) text += " (" + printable(each.prediction.reason, 200) + ')';
  }
  if (!differ) return {};
  return {make_finding("senders-differ", std::move(text), {.step = "senders"})};
}

}  // namespace mtasts
