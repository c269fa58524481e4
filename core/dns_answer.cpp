#include "core/dns_answer.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace mtasts {

std::optional<std::string> decode_txt(std::string_view rdata) {
  if (rdata.empty()) return std::nullopt;  // RFC 1035 §3.3.14: one or more strings
  std::string text;
  while (!rdata.empty()) {
    std::size_t length = static_cast<unsigned char>(rdata.front());
    rdata.remove_prefix(1);
    if (length > rdata.size()) return std::nullopt;
    text.append(rdata.substr(0, length));
    rdata.remove_prefix(length);
  }
  return text;
}

namespace {

constexpr std::size_t max_wire_name = 255, max_label = 63;

void append_octet(std::string& text, char c) {
  if (is_alnum(c) || c == '-' || c == '_') {
    text += c;
    return;
  }
  auto octet = static_cast<unsigned char>(c);
  text += '\\';
  for (unsigned unit : {100u, 10u, 1u}) text += static_cast<char>('0' + octet / unit % 10);
}

}  // namespace

std::optional<std::string> take_name(std::string_view& wire) {
  std::string text;
  std::size_t used = 0;
  while (!wire.empty() && used < max_wire_name) {
    std::size_t length = static_cast<unsigned char>(wire.front());
    wire.remove_prefix(1);
    used += length + 1;
    if (length == 0) return text;
    if (length > max_label || length > wire.size()) return std::nullopt;
    if (!text.empty()) text += '.';
    for (char c : wire.substr(0, length)) append_octet(text, c);
    wire.remove_prefix(length);
  }
  return std::nullopt;
}

namespace {

// Takes a number of two octets off the front. nullopt: there are fewer.
std::optional<std::uint16_t> take_number(std::string_view& wire) noexcept {
  if (wire.size() < 2) return std::nullopt;
  auto octet = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(wire[at])); };
  auto number = static_cast<std::uint16_t>(octet(0) << 8 | octet(1));
  wire.remove_prefix(2);
  return number;
}

}  // namespace

std::optional<MxRecord> decode_mx(std::string_view rdata) {
  auto preference = take_number(rdata);
  auto host = take_name(rdata);
  if (!preference || !host || !rdata.empty()) return std::nullopt;
  return MxRecord{*preference, *std::move(host)};
}

std::optional<SrvRecord> decode_srv(std::string_view rdata) {
  auto priority = take_number(rdata);
  auto weight = take_number(rdata);
  auto port = take_number(rdata);
  auto target = take_name(rdata);
  if (!priority || !weight || !port || !target || !rdata.empty()) return std::nullopt;
  return SrvRecord{*priority, *weight, *port, *std::move(target)};
}

std::optional<Address> decode_address(std::string_view rdata) noexcept {
  if (rdata.size() != 4 && rdata.size() != 16) return std::nullopt;
  Address address;
  address.v6 = rdata.size() == 16;
  std::ranges::transform(rdata, address.octets.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  return address;
}

}  // namespace mtasts
