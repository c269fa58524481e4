#include "core/domain_name.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace mtasts {

namespace {

constexpr OctetSet ldh([](char c) { return is_lower(c) || is_digit(c) || c == '-'; });

// LDH: letters, digits and hyphens, the hyphen neither first nor last (RFC 1123 §2.1). Any such label may
// stand here: hosts with "--" as their third and fourth character that are no A-labels exist and are in use.
bool is_label(std::string_view label) noexcept {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  return ldh.all(label);
}

// A last label that a program may take for a number makes the name an IPv4 address to it: "1.2.3.4",
// "2130706433", but also "127.0.0x1", which inet_aton() and URL parsers read in hexadecimal. No such
// top-level domain can exist.
bool is_number(std::string_view label) noexcept {
  if (std::ranges::all_of(label, is_digit)) return true;
  return label.starts_with("0x") && std::ranges::all_of(label.substr(2), is_hex_digit);
}

}  // namespace

std::optional<DomainName> DomainName::parse(std::string_view text) noexcept {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > max_size) return std::nullopt;
  DomainName name;
  name.size_ = static_cast<std::uint8_t>(text.size());
  std::ranges::transform(text, name.text_.begin(), to_lower);
  std::string_view rest = name.str();
  while (true) {
    std::size_t dot = rest.find('.');
    std::string_view label = rest.substr(0, dot);
    if (!is_label(label)) return std::nullopt;
    if (dot == std::string_view::npos) return is_number(label) ? std::nullopt : std::optional(name);
    rest.remove_prefix(dot + 1);
  }
}

std::optional<DomainName> DomainName::parent() const noexcept {
  std::size_t dot = str().find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  std::string_view rest = str().substr(dot + 1);  // valid as it stands: the last label is the same
  DomainName name;
  name.size_ = static_cast<std::uint8_t>(rest.size());
  std::ranges::copy(rest, name.text_.begin());
  return name;
}

}  // namespace mtasts
