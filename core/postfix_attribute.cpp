#include "core/postfix_attribute.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>

#include "core/domain_name.hpp"
#include "core/finding.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

// The first complaint about one of the parts between separators.
template <class Judge>
std::string each_part(std::string_view value, char separator, Judge judge) {
  while (true) {
    std::size_t end = value.find(separator);
    std::string what = judge(value.substr(0, end));
    if (!what.empty() || end == std::string_view::npos) return what;
    value.remove_prefix(end + 1);
  }
}

// std::ranges::contains is not in every supported library.
template <class T, std::size_t N>
bool holds(const std::array<T, N>& values, const T& value) noexcept {
  return std::ranges::find(values, value) != values.end();
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) noexcept {
  return std::ranges::any_of(words, [&](std::string_view each) { return equal_folded(each, word); });
}

// Postfix's valid_hostname() accepts no final dot.
bool is_host(std::string_view name) noexcept { return !name.ends_with('.') && DomainName::parse(name); }

// PFX-29, PFX-30
std::string judge_match_name(std::string_view name) {
  if (is_one_of(name, {"hostname", "nexthop", "dot-nexthop"})) return {};
  if (name.starts_with("*."))
    return complaint(name, "is not a form that Postfix knows; write \"." + printable(name.substr(2)) +
                               "\" for any name below it");
  if (is_host(name.starts_with('.') ? name.substr(1) : name)) return {};
  return complaint(name,
                   "is not a name for match=; use host names, \".example.com\" for names below, hostname, "
                   "nexthop or dot-nexthop, separated by \":\"");
}

// Pairs of hexadecimal digits with colons, as many as MD5, SHA-1 or SHA-2 have. Postfix before 3.6 accepts no
// other form.
std::string judge_fingerprint(std::string_view text) {
  constexpr std::array<std::size_t, 6> octets{16, 20, 28, 32, 48, 64};
  bool shaped = holds(octets, (text.size() + 1) / 3) && text.size() % 3 == 2;
  for (std::size_t i = 0; shaped && i < text.size(); ++i)
    shaped = i % 3 == 2 ? text[i] == ':' : is_hex_digit(text[i]);
  if (shaped) return {};
  return complaint(
      text,
      "is not a fingerprint; write a digest in hexadecimal as \"A1:B2:...\", several separated by \"|\"");
}

std::string judge_match(const PostfixLevel& level, std::string_view value) {
  if (level.match_separator == 0)
    return complaint("match", "is not accepted at level " + std::string(level.word) +
                                  "; remove it, or use the level secure");
  return each_part(value, level.match_separator,
                   level.match_separator == '|' ? judge_fingerprint : judge_match_name);
}

// PFX-11
std::string judge_servername(std::string_view value) {
  bool word = is_one_of(value, {"hostname", "nexthop"});
  if (word && std::ranges::any_of(value, is_upper))
    return complaint(value, "would be sent as a host name; write it in lower case");
  if (is_host(value)) return {};
  return complaint(value, "is not a server name; write a host name, hostname or nexthop");
}

std::string judge_grade(std::string_view value) {
  if (is_one_of(value, {"high", "medium", "low", "export", "null"})) return {};
  return complaint(value, "is not a cipher grade; use high or medium");
}

std::string judge_protocol(std::string_view name) {
  if (name.starts_with(">=") || name.starts_with("<="))
    return complaint(name,
                     "needs Postfix 3.6, and this answer goes to older ones too; write "
                     "\"!SSLv2:!SSLv3:!TLSv1:!TLSv1.1\" for TLSv1.2 and later");
  if (name.starts_with('!')) name.remove_prefix(1);
  if (is_one_of(name, {"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"})) return {};
  return complaint(name,
                   "is not a protocol; use SSLv2, SSLv3, TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3, separated by "
                   "\":\", with \"!\" before each one to leave out");
}

// Names of OpenSSL, joined by "+". Postfix refuses modifiers before them.
std::string judge_exclusion(std::string_view name) {
  auto allowed = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '+'; };
  if (!name.empty() && is_alnum(name.front()) && std::ranges::all_of(name, allowed)) return {};
  return complaint(name, "is not a cipher to exclude; write names, such as \"aNULL:DES\"");
}

std::string judge_yes_or_no(std::string_view value) {
  if (is_one_of(value, {"yes", "no"})) return {};
  return complaint(value, "is neither yes nor no; use one of them");
}

std::string judge_trust_file(const PostfixLevel& level) {
  if (level.pkix) return {};
  return complaint("tafile", "is accepted at the levels verify and secure only; remove it");
}

// PFX-12, PFX-13, PFX-18: right for a newer Postfix, but mail gets stuck with an older one.
std::string judge_unknown(std::string_view name) {
  if (name == "enable_rpk")
    return complaint(name, "needs Postfix 3.9, and this answer goes to older ones too; remove it");
  if (is_one_of(name, {"policy_type", "policy_domain", "policy_string", "policy_ttl", "policy_failure",
                       "mx_host_pattern"}))
    return complaint(name, "needs Postfix 3.10 and describes a policy, which an override is not; remove it");
  return complaint(name,
                   "is not an attribute; use match, servername, ciphers, protocols, exclude, tafile or "
                   "connection_reuse");
}

}  // namespace

std::string complaint(std::string_view quoted, std::string_view rest) {
  return (in_quotes(quoted) + " ").append(rest);
}

bool may_repeat(std::string_view name) noexcept { return name == "match" || name == "tafile"; }

std::string complaint_about(const PostfixLevel& level, std::string_view name, std::string_view value) {
  constexpr std::array<std::string_view, 7> known{"match",   "servername", "ciphers",         "protocols",
                                                  "exclude", "tafile",     "connection_reuse"};
  if (!holds(known, name)) return judge_unknown(name);
  if (value.empty()) return complaint(name, "has no value; write one after \"=\", or remove it");
  if (name == "match") return judge_match(level, value);
  if (name == "servername") return judge_servername(value);
  if (name == "ciphers") return judge_grade(value);
  if (name == "protocols") return each_part(value, ':', judge_protocol);
  if (name == "exclude") return each_part(value, ':', judge_exclusion);
  if (name == "tafile") return judge_trust_file(level);
  return judge_yes_or_no(value);
}

}  // namespace mtasts
