// Input: a name, a newline, a DNS packet as libunbound hands it out. Properties: nothing is read beyond it;
// the same is read for the name in any case; names in the data are whole and not compressed; a cut packet is
// not read.

#include <algorithm>
#include <cctype>
#include <string>

#include "net/dns/packet.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

void check(const std::string& packet, const std::string& name, RrType type) {
  auto read = read_answer(packet, name, type);
  if (!read) return;
  require(packet.size() >= 12, "a packet has a header");
  require(read->rcode < 16, "an rcode has four bits");
  for (std::string_view rdata : read->rdata) {
    if (type == RrType::mx) require(decode_mx(rdata).has_value(), "an MX is whole");
    if (type == RrType::srv) require(decode_srv(rdata).has_value(), "an SRV is whole");
    if (type == RrType::ns || type == RrType::cname)
      require(take_name(rdata).has_value() && rdata.empty(), "a name is whole");
  }
  std::string upper = name;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  auto again = read_answer(packet, upper + ".", type);
  require(again && again->rdata == read->rdata && again->canonical == read->canonical, "names have no case");
  require(!read_answer(std::string_view(packet).substr(0, 11), name, type), "a cut packet is not read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  const std::string name(fuzz::take_until(input, '\n'));
  const std::string packet(input);  // a copy of exactly this size, so that ASan sees its end
  if (name.ends_with('.')) return 0;
  for (RrType type : {RrType::txt, RrType::mx, RrType::cname, RrType::ns, RrType::srv})
    check(packet, name, type);
  return 0;
}
