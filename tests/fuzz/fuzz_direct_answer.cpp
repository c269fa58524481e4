// Input: what a name server sent to a question for TXT at "_mta-sts.a.example" with the id 0x1234.
// Properties: only an authoritative answer to exactly this question says something; with another id it is
// never an answer; what fails has a reason and no records.

#include "net/dns/direct_question.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view name = "_mta-sts.a.example";
  std::string_view datagram = fuzz::text_of(data, size);
  auto answer = read_direct_answer(datagram, 0x1234, name, RrType::txt);
  if (!answer) return 0;
  require(datagram.starts_with("\x12\x34") && datagram.size() >= 36, "the same id, and the question");
  require(!read_direct_answer(datagram, 0x1235, name, RrType::txt), "an answer with another id is not one");
  bool failed = answer->kind == DnsAnswer::Kind::failed;
  require(failed == !answer->reason.empty(), "what fails has a reason");
  require(answer->rdata.empty() == (answer->kind != DnsAnswer::Kind::data), "only data has records");
  require(failed || (data[2] & 0x84) == 0x84, "only an authoritative response says something");
  require(!answer->local && answer->security == DnsAnswer::Security::insecure, "nobody validated it");
  return 0;
}
