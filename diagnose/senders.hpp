// senders - what becomes of mail from senders of different kinds: some know MTA-STS, some DANE, some both,
// some neither. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/finding.hpp"
#include "diagnose/prediction.hpp"

namespace mtasts {

struct SendersFacts {
  PredictedRoute route;
  std::string sts_reply;  // what decide() says without DANE, in the dialect postfix310
  // What Postfix with mtastsd does, which heeds both. Its settings are not those of the kinds below.
  Prediction both;
};

struct SenderOutcome {
  std::string_view kind;  // "mta-sts-and-dane", "mta-sts", "dane", "neither"; stable
  std::string_view who;   // for people: "senders with DANE alone"
  Prediction prediction;
};

// Senders of each kind, as current Postfix would act in their place.
std::vector<SenderOutcome> sender_outcomes(const SendersFacts& facts);

// senders-differ, if mail from one kind arrives, and mail from another kind does not, or goes in the clear.
Findings judge_senders(const std::vector<SenderOutcome>& senders);

}  // namespace mtasts
