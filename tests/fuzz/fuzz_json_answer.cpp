// Input: a reply of the json map, as the milter gets it from a socket. Properties: any bytes are handled;
// texts are printable; nothing suffices but a decision of mtastsd that says so.

#include <algorithm>

#include "core/text.hpp"
#include "milter/decision.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

bool is_clean(std::string_view text) { return std::ranges::all_of(text, is_printable) && text.size() <= 300; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view reply = fuzz::text_of(data, size);
  auto decision = read_json_reply(reply);
  if (!decision) {
    require(is_clean(decision.error().detail), "refused in printable words");
    return 0;
  }
  require(is_clean(decision->domain) && is_clean(decision->reason) && is_clean(decision->detail),
          "texts are printable and short");
  auto begin = reply.find_first_not_of(" \t\r\n", 3);
  require(reply.starts_with("OK ") && begin != std::string_view::npos && reply[begin] == '{',
          "only an object is a decision");
  require(decision->level.empty() || decision->verdict == Verdict::given, "only an override has a level");
  if (sufficiency(*decision) == Sufficiency::suffices) {
    bool by_level = decision->level == "secure" || decision->level == "verify" ||
                    decision->level == "fingerprint" || decision->level == "dane-only";
    require(decision->verdict == Verdict::secure || decision->verdict == Verdict::dane_only ||
                (decision->verdict == Verdict::given && by_level),
            "what suffices is verified TLS");
  }
  if (decision->no_host_fits) require(decision->verdict == Verdict::secure, "only a policy can list hosts");
  return 0;
}
