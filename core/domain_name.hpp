// domain_name - a host name, checked once.
//
// A DomainName is always valid: labels of 1 to 63 letters, digits and hyphens (RFC 1123 §2.1) in A-label
// form, lower case, no final dot, 1 to 253 octets in all, and not an IPv4 address (the last label is not a
// number). "_" counts as a letter, as in Postfix, which delivers to such domains. The text lies inside the
// object: a copy is plain memory and uses no heap, so the cached path can make keys.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace mtasts {

class DomainName {
 public:
  static constexpr std::size_t max_size = 253;

  // The only way to make one. Upper case is folded and one final dot is dropped (KEY-5). Anything else that
  // is not a host name gives nullopt, U-labels too: callers convert those first (idn/). Never throws.
  static std::optional<DomainName> parse(std::string_view text) noexcept;

  // Length of the host name, in the form of str(), at the front of text; 0: there is none. The octet after
  // it, if any, is one that names do not have. Copies nothing.
  static std::size_t span(std::string_view text) noexcept;

  // True if text would be a host name but for its last label, which is a number: "192.0.2.1", "127.0.0x1".
  // Such a text is a Domain of RFC 5321 §4.1.2, but no host can have it as its name.
  static bool is_numeric(std::string_view text) noexcept;

  // Lives as long as *this.
  std::string_view str() const noexcept { return {text_.data(), size_}; }

  // The name after the first dot; nullopt for a single label.
  std::optional<DomainName> parent() const noexcept;

  friend bool operator==(const DomainName& a, const DomainName& b) noexcept { return a.str() == b.str(); }
  friend std::strong_ordering operator<=>(const DomainName& a, const DomainName& b) noexcept {
    return a.str() <=> b.str();
  }

 private:
  DomainName() = default;
  static std::optional<DomainName> read(std::string_view text) noexcept;  // does not judge the last label
  std::string_view last_label() const noexcept;

  std::array<char, max_size> text_;
  std::uint8_t size_;
};

}  // namespace mtasts

template <>
struct std::hash<mtasts::DomainName> {
  std::size_t operator()(const mtasts::DomainName& name) const noexcept {
    return std::hash<std::string_view>{}(name.str());
  }
};
