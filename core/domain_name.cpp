#include "core/domain_name.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace mtasts {

namespace {

// Letters in lower case; digits, hyphens, underscores and dots unchanged; '\0' for an octet that no host name
// has.
constexpr std::array<char, 256> folded = [] {
  std::array<char, 256> made{};
  for (unsigned octet = 0; octet < made.size(); ++octet) {
    char c = static_cast<char>(octet);
    if (is_alnum(c) || c == '-' || c == '_' || c == '.') made[octet] = to_lower(c);
  }
  return made;
}();

constexpr OctetSet label_octets([](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '_'; });

// Letters, digits and hyphens, the hyphen neither first nor last (RFC 1123 §2.1), and the underscores that
// Postfix accepts as letters (valid_hostname()). "--" as third and fourth character is allowed in any label:
// such hosts exist that are not A-labels.
bool is_label(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-';
}

// If a program may take the last label for a number, it takes the name for an IPv4 address: "1.2.3.4",
// "2130706433", but also "127.0.0x1", which inet_aton() and URL parsers read in hexadecimal. No such
// top-level domain can exist.
bool is_number(std::string_view label) noexcept {
  if (!is_digit(label.front())) return false;  // nearly always
  if (std::ranges::all_of(label, is_digit)) return true;
  return label.starts_with("0x") && std::ranges::all_of(label.substr(2), is_hex_digit);
}

}  // namespace

std::optional<DomainName> DomainName::read(std::string_view text) noexcept {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > max_size) return std::nullopt;
  DomainName name;
  name.size_ = static_cast<std::uint8_t>(text.size());
  std::size_t label = 0;  // where it begins
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = name.text_[i] = folded[static_cast<unsigned char>(text[i])];
    if (c == '\0') return std::nullopt;
    if (c != '.') continue;
    if (!is_label(name.str().substr(label, i - label))) return std::nullopt;
    label = i + 1;
  }
  return is_label(name.str().substr(label)) ? std::optional(name) : std::nullopt;
}

std::string_view DomainName::last_label() const noexcept { return str().substr(str().rfind('.') + 1); }

std::optional<DomainName> DomainName::parse(std::string_view text) noexcept {
  std::optional<DomainName> name = read(text);
  if (name && is_number(name->last_label())) name.reset();
  return name;
}

bool DomainName::is_numeric(std::string_view text) noexcept {
  std::optional<DomainName> name = read(text);
  return name && is_number(name->last_label());
}

std::size_t DomainName::span(std::string_view text) noexcept {
  std::size_t label = 0, end = 0;
  while (true) {
    end += label_octets.span(text.substr(end));
    if (!is_label(text.substr(label, end - label))) return 0;
    if (end == text.size() || text[end] != '.') break;
    label = ++end;
  }
  return end <= max_size && !is_number(text.substr(label, end - label)) ? end : 0;
}

std::optional<DomainName> DomainName::parent() const noexcept {
  std::size_t dot = str().find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  std::string_view rest = str().substr(dot + 1);  // still valid: the last label is the same
  DomainName name;
  name.size_ = static_cast<std::uint8_t>(rest.size());
  std::ranges::copy(rest, name.text_.begin());
  return name;
}

}  // namespace mtasts
