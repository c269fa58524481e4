// Input: an id (two octets), then what a resolver sent. Properties: AD is believed only in an answer to
// exactly this question that has the bit; another id is never an answer; what follows the question does not
// matter.

#include "net/dns/ad_probe.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  if (input.size() < 2) return 0;
  auto id = static_cast<std::uint16_t>(data[0] << 8 | data[1]);
  std::string_view answer = input.substr(2);
  AdSeen seen = judge_ad(answer, id);
  if (seen == AdSeen::no_answer) return 0;
  require(answer.size() >= 17 && answer.starts_with(input.substr(0, 2)), "the same id, and the question");
  bool bit = (static_cast<unsigned char>(answer[3]) & 0x20) != 0;
  require(bit == (seen == AdSeen::yes), "AD is seen if and only if the bit is set");
  require(judge_ad(answer.substr(0, 17), id) == seen, "what follows the question does not matter");
  require(judge_ad(answer, static_cast<std::uint16_t>(id ^ 1)) == AdSeen::no_answer,
          "an answer with another id is not one");
  return 0;
}
