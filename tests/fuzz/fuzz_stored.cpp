// Input: the bytes of a cache entry. They are also tried with a correct checksum, since the fuzzer would not
// get past it, and as the text of hosts and of mx. Properties: what is accepted is read, written and read
// again the same, octet for octet; its mx has no octet that could begin a Postfix attribute; hosts and mx,
// each taken from its list and appended again, are the same text; its reply is one that Postfix takes; a
// wrong checksum is never accepted.

#include <string>

#include "core/dane_codec.hpp"
#include "core/record.hpp"
#include "core/reply.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

namespace {

constexpr std::string_view mx_characters = "abcdefghijklmnopqrstuvwxyz0123456789.-*\n";

void check_reply(const RecordView& stored) {
  const DomainName domain = *DomainName::parse("example.com");
  const Decision decision = decide(certain(stored.fetched_at), &stored, std::nullopt, {},
                                   {.settings = {.dane = false, .testing_as_enforce = true}});
  std::string out;
  append_reply(out, Dialect::postfix310, domain, decision);
  require(out.size() <= max_reply, "replies are bounded");
  // Even a forged entry's mx stay within their attribute.
  std::size_t match = out.find(" match=");
  if (match == std::string::npos) return;
  std::size_t end = out.find(" servername=hostname", match);
  require(end != std::string::npos, "servername follows");
  require(out.substr(match + 7, end - match - 7).find_first_of(" ,={}\t\n") == std::string::npos,
          "match is one attribute");
}

// A list made from its own hosts is the same list. The comparison ends at a name that only earlier builds
// accepted.
void check_hosts(HostListView hosts) {
  HostList made;
  for (HostLine host : hosts) {
    auto name = DomainName::parse(host.name());
    if (!name || name->str() != host.name()) return;
    made.append(host.state(), host.first_of_group(), *name, host.proof());
  }
  require(made.text() == hosts.text(), "appended again, the hosts are the same list");
}

void check_mx(MxListView mx) {
  MxList made;
  for (std::string_view text : mx) {
    auto pattern = MxPattern::parse(text);
    require(pattern && pattern->text() == text, "an mx is the text of a pattern");
    made.append(*pattern);
  }
  require(made.text() == mx.text(), "appended again, the patterns are the same list");
}

void check_dane(const RecordView& stored) {
  for_each_dane(stored, [&](const DaneView& dane) {
    check_hosts(dane.hosts);
    auto found = find_dane(stored, dane.route);
    require(found && found->hosts == dane.hosts && found->valid_until == dane.valid_until,
            "found by its route");
    HostTally sum = tally(dane.hosts, 10);
    require(
        sum.usable + sum.unusable + sum.none + sum.insecure + sum.failed + sum.unreachable <= max_dane_hosts,
        "hosts are counted");
    HostTally proofs = tally_proofs(dane, dane.looked_up_at, 10);
    require(proofs.usable + proofs.unusable + proofs.none + proofs.insecure + proofs.failed +
                    proofs.unreachable <=
                max_dane_hosts,
            "so are their proofs");
    require(proofs.lost <= proofs.failed, "what lost its TLSA records failed");
    RecordView without_policy = stored;
    without_policy.has_policy = false;
    const Decision decision =
        decide(certain(dane.looked_up_at), &without_policy, std::nullopt, dane.route, {});
    require(decision.verdict != Verdict::secure, "DANE alone never asks for a policy's names");
  });
}

void check(std::string_view bytes) {
  Result<RecordView> stored = decode(bytes);
  if (!stored) {
    require(stored.error().fault == Fault::storage && !stored.error().detail.empty(), "a bad record says so");
    return;
  }
  require(*stored_version(bytes) >= 1 && *stored_version(bytes) <= record_version,
          "no other version is read");
  require(stored->policy.mx.text().find_first_not_of(mx_characters) == std::string_view::npos,
          "mx characters");
  check_mx(stored->policy.mx);
  const std::string again = encode(to_record(*stored));
  std::optional<Policy> policy = to_record(*stored).policy;
  Result<RecordView> reread = decode(again);
  require(reread && encode(to_record(*reread)) == again, "an old one is written as a new one");
  // Text that the fields say, or that no reply can carry, is left out when written.
  if (*stored_version(bytes) == record_version && reread->policy.lines == stored->policy.lines)
    require(again == bytes, "written again the same");
  if (policy)
    require(carried_lines(view(*policy)) == carried_lines(view(*to_record(*reread).policy)),
            "what a reply can carry is kept");
  check_dane(*stored);
  if (stored->has_policy) check_reply(*stored);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(fuzz::text_of(data, size));
  if (auto hosts = HostListView::parse(bytes)) check_hosts(*hosts);
  if (auto mx = MxListView::parse(bytes)) check_mx(*mx);
  check(bytes);
  std::uint32_t crc = crc32c(bytes);
  require(crc == crc32c_by_table(bytes), "the checksum by instruction and by table");
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(crc >> shift & 0xFF);
  check(bytes);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  require(!decode(bytes), "a wrong checksum is refused");
  return 0;
}
