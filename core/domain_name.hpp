// domain_name - a host name that is known to be one.
//
// Holding a DomainName is proof of validity: LDH labels of 1 to 63 octets (RFC 1123 §2.1) in A-label form,
// lower case, no final dot, 1 to 253 octets in all, and not an IPv4 address (the last label is not all
// digits). The text lies inside the object: copies are plain memory, no heap is used, so keys can be made on
// the cached path.
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

  // The only way in. Upper case is folded and one final dot is dropped (KEY-5); anything else that is not a
  // host name (U-labels too: convert them at the border with idn/) gives nullopt. Never throws.
  static std::optional<DomainName> parse(std::string_view text) noexcept;

  // Valid as long as *this.
  std::string_view str() const noexcept { return {text_.data(), size_}; }

  // The name after the first dot; nullopt for a single label.
  std::optional<DomainName> parent() const noexcept;

  friend bool operator==(const DomainName& a, const DomainName& b) noexcept { return a.str() == b.str(); }
  friend std::strong_ordering operator<=>(const DomainName& a, const DomainName& b) noexcept {
    return a.str() <=> b.str();
  }

 private:
  DomainName() = default;
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
