// Input: a trust anchor file, and the same octets as DNSKEY RDATA. Properties: tags are ascending, each once,
// and a good record before the text is read whatever follows; a key's own record gives its own tag.

#include <algorithm>
#include <string>

#include "core/dnskey.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

bool has(const std::vector<std::uint16_t>& tags, std::uint16_t tag) {
  return std::ranges::find(tags, tag) != tags.end();
}

void check_tags(std::string_view text) {
  auto tags = root_anchor_tags(text);
  require(std::ranges::adjacent_find(tags, std::greater_equal<>{}) == tags.end(), "ascending, each once");
  std::string longer = ". IN DS 4711 8 2 00\n" + std::string(text);
  require(has(root_anchor_tags(longer), 4711), "a good record before is read");
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0, count = 0;
  for (char c : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xFFFF;
    for (count += 8; count >= 6; count -= 6) out += letters[bits >> (count - 6) & 63];
  }
  if (count > 0) out += letters[bits << (6 - count) & 63];
  return out;
}

void check_key(std::string_view rdata) {
  auto key = decode_dnskey(rdata);
  if (!key) return;
  require(rdata.size() > 4 && rdata[2] == 3, "long enough, and DNSSEC's protocol");
  std::string record = ". DNSKEY " + std::to_string(key->flags) + " 3 " + std::to_string(key->algorithm) +
                       " " + base64(rdata.substr(4)) + "\n";
  require(root_anchor_tags(record) == std::vector{key->tag}, "the record of a key has its tag");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  check_tags(input);
  check_key(input);
  return 0;
}
