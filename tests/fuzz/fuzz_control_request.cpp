// Input: a line of the control socket. Properties: any bytes are handled; a refusal has printable words; a
// request that is accepted has the same verb after it is written and read again.

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "core/text.hpp"
#include "service/control_request.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto request = read_control_request(fuzz::text_of(data, std::min(size, longest_control_request)));
  if (!request) {
    require(std::ranges::all_of(request.error().detail, is_printable), "refused in printable words");
    return 0;
  }
  auto again = read_control_request(boost::json::serialize(request->object));
  require(again && again->verb == request->verb, "written and read again the same");
  require(again->object.size() == request->object.size(), "no member is lost");
  return 0;
}
