// Input: choices from which dns_builder makes a DNS message about "dead.tld". Properties: from a whole
// message exactly the records at the end of its chain of aliases are read, with the shortest TTL; a truncated
// message is not read; a broken one is never read beyond its end. A proof of an unsigned delegation needs a
// record that can prove it.

#include <algorithm>

#include "net/dns/delegation.hpp"
#include "net/dns/packet.hpp"
#include "tests/fuzz/dns_builder.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::BuiltMessage;
using fuzz::BuiltRecord;
using fuzz::require;

namespace {

constexpr std::string_view asked = "dead.tld";

// What a resolver's answer means, by the rules of RFC 1034 §3.6.2 alone.
struct Meaning {
  std::vector<std::string> rdata;
  std::string end{asked};
  bool aliased = false;
};

Meaning meaning_of(const BuiltMessage& message, RrType type) {
  Meaning meaning;
  for (const BuiltRecord& each : message.answers) {
    if (each.dns_class != 1 || each.owner != meaning.end) continue;
    if (each.type == static_cast<unsigned>(type)) {
      meaning.rdata.push_back(each.rdata);
    } else if (each.type == static_cast<unsigned>(RrType::cname) && meaning.rdata.empty()) {
      meaning.end = each.target;
      meaning.aliased = true;
    }
  }
  return meaning;
}

void check_answer(const BuiltMessage& message, RrType type) {
  auto read = read_answer(message.bytes, asked, type);
  if (!message.whole) return;
  require(read.has_value() == !message.truncated, "a whole message is read, a truncated one is not");
  if (!read) return;
  Meaning meaning = meaning_of(message, type);
  require(read->rcode == message.rcode, "the rcode");
  require(read->rdata == meaning.rdata, "the records at the end of the chain, and no others");
  require(read->canonical == (meaning.aliased ? meaning.end : ""), "the end of the chain");
  for (const BuiltRecord& each : message.answers) require(read->ttl <= each.ttl, "no longer than any record");
}

void check_delegation(const BuiltMessage& message, bool secure) {
  const std::string bytes = message.bytes;
  if (!is_unsigned_delegation(bytes, asked, secure)) return;
  if (!message.whole) return;
  auto proves = [](const BuiltRecord& each) { return each.type == 47 || each.type == 50; };
  require(!secure || std::ranges::any_of(message.authority, proves),
          "a secure denial has an NSEC or NSEC3 record");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BuiltMessage message = fuzz::DnsBuilder(fuzz::text_of(data, size), asked).build();
  for (RrType type : {RrType::txt, RrType::mx, RrType::cname, RrType::ns, RrType::srv, RrType::tlsa})
    check_answer(message, type);
  for (bool secure : {true, false}) check_delegation(message, secure);
  return 0;
}
