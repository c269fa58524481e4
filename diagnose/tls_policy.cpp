#include "diagnose/tls_policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr std::string_view separators = " \t\n\r,";

constexpr std::array<std::pair<std::string_view, TlsLevel>, 8> levels{{{"none", TlsLevel::none},
                                                                       {"may", TlsLevel::may},
                                                                       {"encrypt", TlsLevel::encrypt},
                                                                       {"fingerprint", TlsLevel::fingerprint},
                                                                       {"dane", TlsLevel::dane},
                                                                       {"dane-only", TlsLevel::dane_only},
                                                                       {"verify", TlsLevel::verify},
                                                                       {"secure", TlsLevel::secure}}};

constexpr std::array<std::string_view, 6> sts_attributes{"policy_type",     "policy_domain",  "policy_string",
                                                         "mx_host_pattern", "policy_failure", "policy_ttl"};

bool is_sts_attribute(std::string_view name) noexcept {
  return std::ranges::any_of(sts_attributes,
                             [name](std::string_view each) { return equal_folded(each, name); });
}

std::optional<TlsLevel> level_of(std::string_view word) noexcept {
  for (const auto& [name, level] : levels)
    if (equal_folded(name, word)) return level;
  return std::nullopt;
}

bool take_number(std::string_view& text, unsigned& number) noexcept {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// Takes the next word, or the next group in braces with them, off the front; empty: there is none.
std::string_view take_part(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
  bool group = text.starts_with('{');
  std::size_t end = group ? text.find('}') : text.find_first_of(separators);
  if (group && end != text.npos) ++end;
  std::string_view part = text.substr(0, end);
  text.remove_prefix(part.size());
  return part;
}

struct Attribute {
  std::string_view name, value;
  bool braces;
};

// nullopt: a syntax error.
std::optional<Attribute> read_attribute(std::string_view part) noexcept {
  bool braces = part.starts_with('{');
  if (braces && !part.ends_with('}')) return std::nullopt;
  if (braces) part = part.substr(1, part.size() - 2);
  std::size_t equals = part.find('=');
  if (equals == part.npos) return std::nullopt;
  return Attribute{trim(part.substr(0, equals)), trim(part.substr(equals + 1)), braces};
}

void split_into(std::vector<std::string>& list, std::string_view value) {
  while (!value.empty()) {
    std::string_view name = value.substr(0, value.find(':'));
    if (!name.empty()) list.emplace_back(name);
    value.remove_prefix(std::min(name.size() + 1, value.size()));
  }
}

// Keeps what the attribute says. False: Postfix refuses it.
bool keep(TlsPolicy& policy, const Attribute& attribute, const PostfixVersion& version) {
  bool new_form = attribute.braces || is_sts_attribute(attribute.name);
  if (new_form && !knows_sts_attributes(version)) return false;
  if (equal_folded(attribute.name, "match")) split_into(policy.match, attribute.value);
  if (equal_folded(attribute.name, "servername")) policy.sends_name = true;
  if (equal_folded(attribute.name, "mx_host_pattern")) policy.patterns.emplace_back(attribute.value);
  return true;
}

std::optional<TlsPolicy> read_found(std::string_view text, const PostfixVersion& version) {
  auto level = level_of(take_part(text));
  if (!level) return std::nullopt;
  TlsPolicy policy{.level = *level};
  for (std::string_view part = take_part(text); !part.empty(); part = take_part(text)) {
    auto attribute = read_attribute(part);
    if (!attribute || !keep(policy, *attribute, version)) return std::nullopt;
  }
  if (policy.match.empty() || !heeds_mx_patterns(version)) policy.patterns.clear();
  if (!policy.patterns.empty()) policy.match = {"hostname"};
  bool pkix = policy.level == TlsLevel::secure || policy.level == TlsLevel::verify;
  if (!pkix || !policy.match.empty()) return policy;
  policy.match = policy.level == TlsLevel::verify ? std::vector<std::string>{"hostname"}
                                                  : std::vector<std::string>{"nexthop", "dot-nexthop"};
  return policy;
}

}  // namespace

std::optional<PostfixVersion> parse_postfix_version(std::string_view text) noexcept {
  PostfixVersion version;
  if (!take_number(text, version.major) || !text.starts_with('.')) return std::nullopt;
  text.remove_prefix(1);
  if (!take_number(text, version.minor)) return std::nullopt;
  if (text.empty() || text.starts_with('-')) return version;
  unsigned patch = 0;
  text.remove_prefix(1);
  if (!take_number(text, patch)) return std::nullopt;
  version.patch = patch;
  return version;
}

bool knows_sts_attributes(const PostfixVersion& version) noexcept {
  return std::pair(version.major, version.minor) >= std::pair(3U, 10U);
}

bool heeds_mx_patterns(const PostfixVersion& version) noexcept {
  bool first_with_them = version.major == 3 && version.minor == 10;
  return knows_sts_attributes(version) && (!first_with_them || version.patch.value_or(5) >= 5);
}

std::optional<TlsPolicy> read_tls_policy(std::string_view reply, const PostfixVersion& version,
                                         TlsLevel main_level) {
  std::string_view status = reply.substr(0, reply.find(' '));
  std::string_view rest = reply.substr(std::min(status.size() + 1, reply.size()));
  if (status == "NOTFOUND") return TlsPolicy{.level = main_level};
  if (status != "OK") return std::nullopt;
  return read_found(rest, version);
}

}  // namespace mtasts
