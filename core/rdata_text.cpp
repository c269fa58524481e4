#include "core/rdata_text.hpp"

#include <optional>

#include "core/text.hpp"
#include "core/tlsa.hpp"

namespace mtasts {
namespace {

using Text = std::optional<std::string>;

void append_quoted(std::string& text, std::string_view octets) {
  text += '"';
  for (char c : octets) {
    if (c == '"' || c == '\\') text += '\\';
    if (is_printable(c)) {
      text += c;
      continue;
    }
    auto octet = static_cast<unsigned char>(c);
    text += '\\';
    for (unsigned unit : {100u, 10u, 1u}) text += static_cast<char>('0' + octet / unit % 10);
  }
  text += '"';
}

Text txt_text(std::string_view rdata) {
  if (rdata.empty()) return std::nullopt;
  std::string text;
  while (!rdata.empty()) {
    std::size_t length = static_cast<unsigned char>(rdata.front());
    rdata.remove_prefix(1);
    if (length > rdata.size()) return std::nullopt;
    if (!text.empty()) text += ' ';
    append_quoted(text, rdata.substr(0, length));
    rdata.remove_prefix(length);
  }
  return text;
}

Text mx_text(std::string_view rdata) {
  auto mx = decode_mx(rdata);
  if (!mx) return std::nullopt;
  return std::to_string(mx->preference) + ' ' + mx->host + '.';
}

Text srv_text(std::string_view rdata) {
  auto srv = decode_srv(rdata);
  if (!srv) return std::nullopt;
  return std::to_string(srv->priority) + ' ' + std::to_string(srv->weight) + ' ' + std::to_string(srv->port) +
         ' ' + srv->target + '.';
}

Text ds_text(std::string_view rdata) {
  if (rdata.size() < 5) return std::nullopt;
  auto octet = [&](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(rdata[at])); };
  return std::to_string(octet(0) << 8 | octet(1)) + ' ' + std::to_string(octet(2)) + ' ' +
         std::to_string(octet(3)) + ' ' + hex_text(rdata.substr(4));
}

Text name_text(std::string_view rdata) {
  auto name = take_name(rdata);
  if (!name || !rdata.empty()) return std::nullopt;
  return *name + '.';
}

Text address_text(RrType type, std::string_view rdata) {
  auto address = decode_address(rdata);
  if (!address || address->v6 != (type == RrType::aaaa)) return std::nullopt;
  return to_string(*address);
}

Text known_form(RrType type, std::string_view rdata) {
  switch (type) {
    case RrType::a:
    case RrType::aaaa: return address_text(type, rdata);
    case RrType::mx: return mx_text(rdata);
    case RrType::srv: return srv_text(rdata);
    case RrType::txt: return txt_text(rdata);
    case RrType::ns:
    case RrType::cname: return name_text(rdata);
    case RrType::tlsa:
      if (auto tlsa = decode_tlsa(rdata)) return tlsa_text(*tlsa);
      break;
    case RrType::ds: return ds_text(rdata);
    case RrType::dnskey: break;
  }
  return std::nullopt;
}

}  // namespace

std::string hex_text(std::string_view octets) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  text.reserve(octets.size() * 2);
  for (char c : octets) {
    text += hex[static_cast<unsigned char>(c) >> 4];
    text += hex[static_cast<unsigned char>(c) & 0xF];
  }
  return text;
}

std::string rdata_text(RrType type, std::string_view rdata) {
  if (auto text = known_form(type, rdata)) return *std::move(text);
  return "\\# " + std::to_string(rdata.size()) + (rdata.empty() ? "" : " ") + hex_text(rdata);
}

}  // namespace mtasts
