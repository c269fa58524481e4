// trace_words - the words that stand for enumerators in a saved trace, in both directions.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "core/decide.hpp"
#include "core/dns_answer.hpp"
#include "ports/fetch.hpp"

namespace mtasts {

template <class E, std::size_t N>
using Words = std::array<std::pair<std::string_view, E>, N>;

// A namespace of their own: conf/ has tables of the same names.
namespace saved {

inline constexpr Words<RrType, 9> rr_type_words{{{"A", RrType::a},
                                                 {"NS", RrType::ns},
                                                 {"CNAME", RrType::cname},
                                                 {"MX", RrType::mx},
                                                 {"TXT", RrType::txt},
                                                 {"AAAA", RrType::aaaa},
                                                 {"DS", RrType::ds},
                                                 {"DNSKEY", RrType::dnskey},
                                                 {"TLSA", RrType::tlsa}}};

inline constexpr Words<DnsAnswer::Security, 3> security_words{{{"secure", DnsAnswer::Security::secure},
                                                               {"insecure", DnsAnswer::Security::insecure},
                                                               {"bogus", DnsAnswer::Security::bogus}}};

inline constexpr Words<DnsAnswer::Kind, 4> kind_words{{{"data", DnsAnswer::Kind::data},
                                                       {"no data", DnsAnswer::Kind::no_data},
                                                       {"NXDOMAIN", DnsAnswer::Kind::nxdomain},
                                                       {"failed", DnsAnswer::Kind::failed}}};

inline constexpr Words<FetchStep, 7> fetch_step_words{{{"address", FetchStep::address},
                                                       {"connect", FetchStep::connect},
                                                       {"proxy", FetchStep::proxy},
                                                       {"tls", FetchStep::tls},
                                                       {"request", FetchStep::request},
                                                       {"response", FetchStep::response},
                                                       {"deadline", FetchStep::deadline}}};

inline constexpr Words<PostfixDane, 3> postfix_dane_words{
    {{"yes", PostfixDane::yes}, {"no", PostfixDane::no}, {"unknown", PostfixDane::unknown}}};

inline constexpr Words<Dnssec, 5> dnssec_words{{{"works", Dnssec::works},
                                                {"ignore-dane", Dnssec::ignore_dane},
                                                {"temp", Dnssec::temp},
                                                {"last-proof-or-temp", Dnssec::last_proof_or_temp},
                                                {"last-proof-or-sts", Dnssec::last_proof_or_sts}}};

}  // namespace saved

// "" for none.
template <class E, std::size_t N>
constexpr std::string_view word_of(const Words<E, N>& words, E value) noexcept {
  for (const auto& [word, each] : words)
    if (each == value) return word;
  return {};
}

}  // namespace mtasts
