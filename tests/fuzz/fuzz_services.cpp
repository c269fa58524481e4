// Input: a file of services(5). Properties: any bytes are accepted; a name that is found has no blank and no
// "#" in it; the names that a file begins with are found whatever follows, also with a last line that is cut.

#include <string>

#include "conf/services.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  auto services = Services::parse(text);
  require(services.size() <= text.size(), "each name stands in the file");
  for (std::string_view none : {"", " ", "a b", "#", "a\n"}) require(!services.port(none), "no such name");
  auto longer = Services::parse("submission\t587/tcp  mail-in # x\nsubmission 1/udp\n" + std::string(text));
  require(longer.port("submission") == 587 && longer.port("mail-in") == 587, "the first counts");
  return 0;
}
