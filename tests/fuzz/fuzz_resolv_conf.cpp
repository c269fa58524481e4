// Input: a resolv.conf. Properties: one to three resolvers; written out, they are read as the same
// again; lines with other words before them do not matter.

#include <string>

#include "conf/resolv_conf.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  auto found = parse_resolv_conf(text);
  require(!found.empty() && found.size() <= 3, "one to three resolvers");
  std::string again;
  for (const NameServer& each : found) again += "nameserver " + to_string(each) + "\n";
  require(parse_resolv_conf(again) == found, "what is written is read back");
  require(parse_resolv_conf("# x\noptions trust-ad\n" + std::string(text)) == found,
          "other lines do not matter");
  return 0;
}
