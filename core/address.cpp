#include "core/address.hpp"

#include <algorithm>
#include <charconv>

#include "core/text.hpp"

namespace mtasts {

namespace {

using Octets = std::array<std::uint8_t, 16>;

// A decimal number without leading zeros, at most `most`.
std::optional<unsigned> parse_number(std::string_view text, unsigned most) noexcept {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  unsigned value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

// Four decimal parts into out[0..3].
bool read_v4(std::string_view text, std::uint8_t* out) noexcept {
  for (int i = 0; i < 4; ++i) {
    std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return false;
    auto part = parse_number(text.substr(0, dot), 255);
    if (!part) return false;
    out[i] = static_cast<std::uint8_t>(*part);
    text.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return text.empty();
}

std::optional<unsigned> parse_group(std::string_view text) noexcept {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Reads colon-separated groups into out; an IPv4 address may stand for the last two. Returns the number of
// octets read; nullopt: malformed, or more than fits.
std::optional<std::size_t> read_groups(std::string_view text, Octets& out) noexcept {
  std::size_t used = 0;
  while (!text.empty()) {
    std::size_t colon = text.find(':');
    std::string_view part = text.substr(0, colon);
    bool last = colon == std::string_view::npos;
    if (last && part.find('.') != std::string_view::npos) {
      if (used + 4 > out.size() || !read_v4(part, out.data() + used)) return std::nullopt;
      return used + 4;
    }
    auto group = parse_group(part);
    if (!group || used + 2 > out.size()) return std::nullopt;
    out[used++] = static_cast<std::uint8_t>(*group >> 8);
    out[used++] = static_cast<std::uint8_t>(*group & 0xFF);
    if (last) return used;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;  // ends in a single colon
  }
  return used;
}

std::optional<Address> parse_v6(std::string_view text) noexcept {
  Address address{.v6 = true};
  std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (read_groups(text, address.octets) != 16) return std::nullopt;
    return address;
  }
  std::string_view head_text = text.substr(0, gap);
  Octets tail{};
  if (head_text.find('.') != std::string_view::npos) return std::nullopt;  // IPv4 may only come last
  auto head_size = read_groups(head_text, address.octets);
  auto tail_size = read_groups(text.substr(gap + 2), tail);
  if (!head_size || !tail_size || *head_size + *tail_size > 14) return std::nullopt;
  auto used = static_cast<std::ptrdiff_t>(*tail_size);
  std::copy(tail.begin(), tail.begin() + used, address.octets.end() - used);
  return address;
}

void append_v4(std::string& out, const std::uint8_t* octets) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) out += '.';
    out += std::to_string(octets[i]);
  }
}

unsigned group_at(const Octets& octets, std::size_t group) noexcept {
  return static_cast<unsigned>(octets[2 * group]) << 8 | octets[2 * group + 1];
}

struct Run {
  std::size_t from = 0, length = 0;
};

// The first of the longest runs of two or more zero groups: what "::" stands for (RFC 5952 §4.2).
Run longest_zero_run(const Octets& octets) noexcept {
  Run best, now;
  for (std::size_t i = 0; i < 8; ++i) {
    if (group_at(octets, i) != 0) {
      now = {i + 1, 0};
      continue;
    }
    if (++now.length > best.length) best = now;
  }
  return best.length >= 2 ? best : Run{};
}

void append_v6(std::string& out, const Octets& octets) {
  Run zeros = longest_zero_run(octets);
  for (std::size_t i = 0; i < 8; ++i) {
    if (zeros.length > 0 && i == zeros.from) {
      out += "::";
      i += zeros.length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    char digits[4];
    out.append(digits, std::to_chars(digits, digits + 4, group_at(octets, i), 16).ptr);
  }
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) noexcept {
  if (text.size() > 45) return std::nullopt;
  if (text.find(':') != std::string_view::npos) return parse_v6(text);
  Address address;
  if (!read_v4(text, address.octets.data())) return std::nullopt;
  return address;
}

std::string to_string(const Address& address) {
  static constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  std::string out;
  if (!address.v6) {
    append_v4(out, address.octets.data());
  } else if (std::equal(mapped.begin(), mapped.end(), address.octets.begin())) {
    out = "::ffff:";  // RFC 5952 §5
    append_v4(out, address.octets.data() + 12);
  } else {
    append_v6(out, address.octets);
  }
  return out;
}

std::optional<Cidr> parse_cidr(std::string_view text) noexcept {
  std::size_t slash = text.find('/');
  std::optional<Address> base = parse_address(text.substr(0, slash));
  if (!base) return std::nullopt;
  unsigned whole = base->v6 ? 128 : 32;
  if (slash == std::string_view::npos) return Cidr{*base, whole};
  auto bits = parse_number(text.substr(slash + 1), whole);
  if (!bits) return std::nullopt;
  return Cidr{*base, *bits};
}

bool contains(const Cidr& block, const Address& address) noexcept {
  if (block.base.v6 != address.v6 || block.bits > (address.v6 ? 128u : 32u)) return false;
  std::size_t whole = block.bits / 8;
  unsigned rest = block.bits % 8;
  const Octets &base = block.base.octets, &octets = address.octets;
  if (!std::equal(base.begin(), base.begin() + static_cast<std::ptrdiff_t>(whole), octets.begin()))
    return false;
  return rest == 0 || ((base[whole] ^ octets[whole]) >> (8 - rest)) == 0;
}

bool may_dial(const Address& address, std::span<const Cidr> allowed) noexcept {
  return special_use(address).empty() ||
         std::ranges::any_of(allowed, [&](const Cidr& block) { return contains(block, address); });
}

}  // namespace mtasts
