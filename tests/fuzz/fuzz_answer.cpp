// Input: the answer of an override. Properties: if check_postfix_answer() accepts it, a reader with Postfix's
// own rules (PFX-1, PFX-5, PFX-9 to PFX-18, PFX-30; version 3.4) reads it without fault and at the same
// level, and it is one line without control characters and braces. If not, the error has printable words and
// a remedy.
//
// The reader works token by token, as smtp_tls_policy.c does, and shares no code with core/postfix_answer.

#include <strings.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/postfix_answer.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using fuzz::require;

// mystrtok(): what lies between separators, empty parts left out.
std::vector<std::string> tokens(const std::string& text, const char* separators) {
  std::vector<std::string> found;
  for (std::size_t at = text.find_first_not_of(separators); at != std::string::npos;) {
    std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    found.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(separators, end);
  }
  return found;
}

bool same(const std::string& a, const char* b) { return strcasecmp(a.c_str(), b) == 0; }

bool same_as_one(const std::string& a, std::initializer_list<const char*> words) {
  return std::ranges::any_of(words, [&](const char* each) { return same(a, each); });
}

// valid_hostname(): letters, digits, "_", "." and "-", the last two neither doubled nor at an end; at least
// one letter.
bool is_hostname(const std::string& name) {
  bool letter = false;
  std::size_t label = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    bool digit = name[i] >= '0' && name[i] <= '9';
    bool alphabetic = (name[i] | 0x20) >= 'a' && (name[i] | 0x20) <= 'z';
    bool hyphen_is_well = i > 0 && name[i - 1] != '.' && i + 1 < name.size() && name[i + 1] != '.';
    letter = letter || alphabetic || name[i] == '-' || name[i] == '_';
    label = name[i] == '.' ? 0 : label + 1;
    if (name[i] == '.' ? i == 0 || name[i - 1] == '.' || i + 1 == name.size()
                       : !digit && !alphabetic && name[i] != '_' && !(name[i] == '-' && hyphen_is_well))
      return false;
    if (label > 63) return false;
  }
  return letter && name.size() <= 255;
}

struct Policy {
  std::string level;
  std::multiset<std::string> names;
  bool null_ciphers = false;
};

bool is_list_of_protocols(const std::string& value) {
  for (std::string& name : tokens(value, ", \t\r\n:")) {
    if (name.front() == '!') name.erase(0, 1);
    if (!same_as_one(name, {"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"})) return false;
  }
  return true;
}

bool is_list_of_exclusions(const std::string& value) {
  return std::ranges::all_of(tokens(value, ", \t\r\n:"), [](const std::string& name) {
    return std::string_view("!+-@").find(name.front()) == std::string_view::npos;
  });
}

// At least one name, each one that a certificate can have or a word of Postfix's; at fingerprint level,
// digests.
bool is_match(const std::string& level, const std::string& value) {
  bool digests = same(level, "fingerprint");
  if (!digests && !same_as_one(level, {"verify", "secure"})) return false;
  auto parts = tokens(value, digests ? "|" : ":");
  if (parts.empty()) return false;
  return std::ranges::all_of(parts, [&](const std::string& part) {
    if (digests) return part.find_first_not_of("0123456789abcdefABCDEF:") == std::string::npos;
    return is_hostname(part.substr(part.front() == '.' ? 1 : 0));
  });
}

bool takes(Policy& policy, const std::string& name, const std::string& value) {
  bool first = policy.names.count(name) == 0;
  policy.names.insert(name);
  if (name == "match") return !value.empty() && is_match(policy.level, value);
  if (name == "tafile") return !value.empty() && same_as_one(policy.level, {"verify", "secure"});
  if (!first) return false;
  policy.null_ciphers = policy.null_ciphers || (name == "ciphers" && same(value, "null"));
  if (name == "ciphers") return same_as_one(value, {"high", "medium", "low", "export", "null"});
  if (name == "protocols") return is_list_of_protocols(value);
  if (name == "servername") return is_hostname(value);
  if (name == "exclude") return is_list_of_exclusions(value);
  return name == "connection_reuse" && same_as_one(value, {"yes", "no"});
}

// False: "client TLS configuration problem".
bool read(const std::string& text, Policy& policy) {
  auto parts = tokens(text, ", \t\r\n");
  if (parts.empty()) return false;
  policy.level = parts.front();
  if (!same_as_one(policy.level,
                   {"none", "may", "encrypt", "fingerprint", "dane", "dane-only", "verify", "secure"}))
    return false;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    std::size_t equals = parts[i].find('=');
    if (equals == std::string::npos || equals == 0) return false;
    std::string name = parts[i].substr(0, equals);
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (!takes(policy, name, parts[i].substr(equals + 1))) return false;
  }
  return true;
}

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  auto answer = mtasts::check_postfix_answer(text);
  if (!answer) {
    const std::string& detail = answer.error().detail;
    require(std::ranges::all_of(detail, is_printable), "a complaint is printable");
    require(detail.contains("; "), "a complaint has a remedy");
    return 0;
  }
  require(text.size() <= 1000, "an answer is short");
  require(std::ranges::all_of(text, [](char c) { return is_printable(c) && c != '{' && c != '}'; }),
          "an answer is one line without braces");
  Policy policy;
  require(read(std::string(text), policy), "Postfix takes the answer");
  require(same(policy.level, std::string(answer->level).c_str()), "Postfix reads the same level");
  bool plaintext = same_as_one(policy.level, {"none", "may"}) || policy.null_ciphers;
  require(answer->may_be_plaintext == plaintext, "mail that may be readable on the way is told as such");
  return 0;
}
