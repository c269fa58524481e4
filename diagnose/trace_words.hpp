// trace_words - the words that stand for enumerators in a saved trace. They are not to change: saved traces
// hold them.
#pragma once

#include <string_view>

#include "core/decide.hpp"
#include "core/dns_answer.hpp"
#include "core/enum_words.hpp"
#include "ports/fetch.hpp"

// A namespace of their own: the same enums have words for people.
namespace mtasts::saved {

enum class StepKind { dns, https };

inline constexpr EnumWords<StepKind> steps{[](StepKind kind) -> std::string_view {
  switch (kind) {
    case StepKind::dns: return "dns";
    case StepKind::https: return "https";
  }
  return {};
}};

inline constexpr EnumWords<RrType> rr_types{[](RrType type) -> std::string_view {
  switch (type) {
    case RrType::a: return "A";
    case RrType::ns: return "NS";
    case RrType::cname: return "CNAME";
    case RrType::mx: return "MX";
    case RrType::txt: return "TXT";
    case RrType::aaaa: return "AAAA";
    case RrType::ds: return "DS";
    case RrType::dnskey: return "DNSKEY";
    case RrType::tlsa: return "TLSA";
  }
  return {};
}};

inline constexpr EnumWords<DnsAnswer::Security> securities{
    [](DnsAnswer::Security security) -> std::string_view {
      switch (security) {
        case DnsAnswer::Security::secure: return "secure";
        case DnsAnswer::Security::insecure: return "insecure";
        case DnsAnswer::Security::bogus: return "bogus";
      }
      return {};
    }};

inline constexpr EnumWords<DnsAnswer::Kind> kinds{[](DnsAnswer::Kind kind) -> std::string_view {
  switch (kind) {
    case DnsAnswer::Kind::data: return "data";
    case DnsAnswer::Kind::no_data: return "no data";
    case DnsAnswer::Kind::nxdomain: return "NXDOMAIN";
    case DnsAnswer::Kind::failed: return "failed";
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
