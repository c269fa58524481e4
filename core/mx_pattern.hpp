// mx_pattern - one mx value of a policy: a host name or "*." and a host name (RFC 8461 §3.2, §4.1, STS-23,
// STS-42).
//
// The host name is in A-labels, at most 253 octets with the "*."; no final dot, no IP address, no underscore
// (RFC 5321 §4.1.2 allows none). Upper case is folded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/domain_name.hpp"

namespace mtasts {

class MxPattern {
 public:
  // nullopt: not such a value.
  static std::optional<MxPattern> parse(std::string_view text) noexcept;

  // Length of the pattern, in the form of text(), at the front of text; 0: there is none. As
  // DomainName::span().
  static std::size_t span(std::string_view text) noexcept;

  // True if host equals the name, or for "*.base" if host is exactly one label and then base (RFC 8461 §4.1).
  // The bare base does not match.
  bool matches(const DomainName& host) const noexcept;
  // The same for a pattern's text. REQUIRES: text is the text() of an MxPattern.
  static bool text_matches(std::string_view text, const DomainName& host) noexcept;

  bool wildcard() const noexcept { return wildcard_; }
  const DomainName& base() const noexcept { return base_; }  // without "*."
  std::string text() const;                                  // as parse() takes it

 private:
  MxPattern(bool wildcard, const DomainName& base) : wildcard_(wildcard), base_(base) {}
  bool wildcard_;
  DomainName base_;
};

// True for an mx value that follows the grammar but matches no host: a Domain of RFC 5321 §4.1.2 that ends in
// a number ("192.0.2.1", "*.192.0.2.1"). A policy with such a value is valid. The value itself must not be
// passed on, since a program may take it for an address.
bool is_numeric_mx(std::string_view text) noexcept;

}  // namespace mtasts
