// postfix_reader - reads a policy reply as Postfix's smtp client does, to judge mtastsd's replies by other
// code than the one that wrote them (PFX-1, PFX-9 to PFX-18, PFX-25, PFX-30, PFX-41). For tests and fuzzers.
//
// Attributes are split at blanks and commas outside braces; "{ name = value }" loses its braces and the
// blanks around name and value, control blanks inside become plain ones. What Postfix answers with "client
// TLS configuration problem" is a fault here; so is anything that mtastsd has no business to write.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/mx_pattern.hpp"

namespace postfix {

inline constexpr std::string_view blanks = " \t\n\v\f\r";

struct Reply {
  std::string level;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string fault;  // empty: Postfix takes it

  std::vector<std::string> all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [n, value] : attributes) {
      if (n == name) values.push_back(value);
    }
    return values;
  }
};

inline std::string trimmed(std::string_view text) {
  std::size_t from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return std::string(text.substr(from, text.find_last_not_of(blanks) - from + 1));
}

// Tokens between blanks and commas; with braces, those inside a group do not split.
inline std::vector<std::string> tokens(std::string_view text, bool braces) {
  std::vector<std::string> found;
  std::string token;
  int depth = 0;
  for (char c : text) {
    if (braces && c == '{') ++depth;
    if (braces && c == '}') --depth;
    bool splits = depth <= 0 && (c == ',' || blanks.find(c) != std::string_view::npos);
    if (!splits) token += c;
    if (splits && !token.empty()) found.push_back(std::exchange(token, {}));
  }
  if (!token.empty()) found.push_back(token);
  return found;
}

// The inside of "{ … }"; false: unbalanced, or text after the group.
inline bool strip_braces(std::string& token) {
  int depth = 0;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '{') ++depth;
    if (token[i] == '}' && --depth == 0 && i + 1 != token.size()) return false;
  }
  if (depth != 0) return false;
  token = token.substr(1, token.size() - 2);
  for (char& c : token) {
    if (blanks.find(c) != std::string_view::npos) c = ' ';
  }
  return true;
}

inline std::string add_attribute(Reply& reply, std::string token, bool braces) {
  if (braces && token.starts_with('{') && !strip_braces(token)) return "braces: " + token;
  std::size_t equals = token.find('=');
  if (equals == std::string::npos) return "no \"=\": " + token;
  std::string name = trimmed(token.substr(0, equals)), value = trimmed(token.substr(equals + 1));
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (name.find_first_of(blanks) != std::string::npos || value.empty()) return "bad attribute: " + token;
  bool version310 = name == "policy_type" || name == "policy_domain" || name == "policy_string" ||
                    name == "mx_host_pattern";
  bool known = name == "match" || name == "servername" || (braces && version310);
  if (!known) return "unknown attribute: " + token;
  bool repeatable = name == "match" || name == "policy_string" || name == "mx_host_pattern";
  if (!repeatable && !reply.all(name).empty()) return "duplicate: " + token;
  reply.attributes.emplace_back(std::move(name), std::move(value));
  return {};
}

// A name of match=: ".x" is what "*.x" became, and no word of Postfix's own.
inline bool is_match_name(std::string_view name) {
  if (name == "nexthop" || name == "dot-nexthop" || name == "hostname" || name.starts_with('*')) return false;
  std::string pattern(name);
  if (name.starts_with('.')) pattern.insert(0, 1, '*');
  return mtasts::MxPattern::parse(pattern).has_value();
}

inline std::string judge(const Reply& reply) {
  bool bare_level = reply.level == "dane" || reply.level == "dane-only";
  if (bare_level) return reply.attributes.empty() ? "" : "attributes at a DANE level";
  if (reply.level != "secure") return "level " + reply.level;
  if (reply.all("match").size() != 1 || reply.all("servername") != std::vector<std::string>{"hostname"}) {
    return "secure without match or servername";
  }
  const std::string all_names = reply.all("match")[0];
  for (std::string_view names = all_names;;) {
    std::size_t colon = names.find(':');
    if (!is_match_name(names.substr(0, colon))) return "match name in " + all_names;
    if (colon == std::string_view::npos) break;
    names.remove_prefix(colon + 1);
  }
  for (const std::string& pattern : reply.all("mx_host_pattern")) {
    if (!mtasts::MxPattern::parse(pattern)) return "mx_host_pattern " + pattern;
  }
  std::size_t kinds = 0;
  for (std::string_view name : {"policy_type", "policy_domain", "policy_string", "mx_host_pattern"}) {
    kinds += reply.all(name).empty() ? 0u : 1u;
  }
  if (kinds != 0 && kinds != 4) return "some of the four STS attributes, not all";  // PFX-18, PFX-41
  if (kinds == 0) return {};
  if (reply.all("policy_type")[0] != "sts") return "policy_type";
  return mtasts::DomainName::parse(reply.all("policy_domain")[0]) ? "" : "policy_domain";
}

// text: the payload after "OK ". braces: Postfix 3.10 or later.
inline Reply read_reply(std::string_view text, bool braces) {
  Reply reply;
  for (std::string& token : tokens(text, braces)) {
    if (reply.level.empty()) {
      reply.level = token;
    } else if (reply.fault.empty()) {
      reply.fault = add_attribute(reply, token, braces);
    }
  }
  if (reply.fault.empty()) reply.fault = judge(reply);
  return reply;
}

}  // namespace postfix
