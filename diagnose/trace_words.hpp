// trace_words - the words that stand for enumerators in a saved trace. They must not change, because saved
// traces contain them.
#pragma once

#include <string_view>

#include "core/decide.hpp"
#include "core/dns_answer.hpp"
#include "core/enum_words.hpp"
#include "ports/fetch.hpp"

// In their own namespace, because the same enums also have words for people.
namespace mtasts::saved {

enum class StepKind { dns, https, smtp, policy_host, name_server, policy_place };

inline constexpr EnumWords<StepKind> steps{[](StepKind kind) -> std::string_view {
  switch (kind) {
    case StepKind::dns: return "dns";
    case StepKind::https: return "https";
    case StepKind::smtp: return "smtp";
    case StepKind::policy_host: return "policy-host";
    case StepKind::name_server: return "name-server";
    case StepKind::policy_place: return "policy-place";
  }
  return {};
}};

inline constexpr EnumWords<FetchStep> fetch_steps{[](FetchStep step) -> std::string_view {
  switch (step) {
    case FetchStep::address: return "address";
    case FetchStep::connect: return "connect";
    case FetchStep::proxy: return "proxy";
    case FetchStep::tls: return "tls";
    case FetchStep::request: return "request";
    case FetchStep::response: return "response";
    case FetchStep::deadline: return "deadline";
  }
  return {};
}};

inline constexpr EnumWords<Dnssec> dnssec{[](Dnssec dnssec) -> std::string_view {
  switch (dnssec) {
    case Dnssec::works: return "works";
    case Dnssec::ignore_dane: return "ignore-dane";
    case Dnssec::temp: return "temp";
    case Dnssec::last_proof_or_temp: return "last-proof-or-temp";
    case Dnssec::last_proof_or_sts: return "last-proof-or-sts";
  }
  return {};
}};

}  // namespace mtasts::saved
