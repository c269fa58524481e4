// The warm path allocates nothing: every operator new of this program counts.

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "core/decide.hpp"
#include "core/map_name.hpp"
#include "core/netstring.hpp"
#include "core/next_hop.hpp"
#include "core/override.hpp"
#include "core/record.hpp"
#include "core/reply.hpp"
#include "tests/unit/count_allocations.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using mtasts::test::allocations;
using namespace std::chrono_literals;

TEST_CASE("from a request's bytes to its reply without the heap", "[core]") {
  const Time now = Time(1'700'000'000s);
  Record record;
  record.policy = Policy{Mode::enforce, 604800, test::mx_list("mx1.example.com\n*.example.net"),
                         "version: STSv1\nmode: enforce\nmx:\ta"};
  record.id = "20160831085700Z";
  record.fetched_at = now;
  DaneState& dane_state = record.dane.emplace_back();
  dane_state.mx = MxState::secure;
  dane_state.looked_up_at = now;
  dane_state.valid_until = now + std::chrono::seconds(300);
  dane_state.hosts = test::host_list("0+mx1.example.com\n0=a-host-with-a-long-name.mx.example.net");
  const std::string stored = encode(record);
  std::string input;
  append_netstring(input, "postfix310 [MX.Example.COM]:submission");
  std::string out;
  out.reserve(max_reply + 100);  // as after a first reply

  std::size_t before = allocations;
  Frame frame = next_frame(input, 1000);
  std::optional<MapRequest> request = parse_request(frame.payload);
  std::optional<MapName> map = parse_map_name(request->map);
  auto hop = parse_next_hop(request->key);
  Result<RecordView> view = decode(stored);
  Decision decision = decide(certain(now), &*view, std::nullopt, {}, {});
  append_reply(out, map->dialect, std::get<NextHop>(hop).domain, decision);
  append_reply(out, Dialect::sts, std::get<NextHop>(hop).domain, {Verdict::temp, "3", "reason", "detail"});
  std::size_t after = allocations;

  CHECK(after == before);
  CHECK(out.starts_with("OK secure match=mx1.example.com:.example.net servername=hostname policy_type=sts"));
}

TEST_CASE("an override is found, or none, without the heap", "[core]") {
  Overrides all;
  const Override rule{OverrideAction::no_policy, {}, "a reason too long to lie inside of a std::string"};
  const DomainName domain = *DomainName::parse("a.name.that.is.longer.than.a.short.std.string.example.com");
  const DomainName other = *DomainName::parse("another.name.longer.than.a.short.std.string.example.org");
  all.add({domain, false, false, false, {}}, rule);
  all.add({*DomainName::parse("string.example.org"), true, false, false, {}}, rule);
  all.add({other, false, true, true, 587}, rule);

  std::size_t before = allocations;
  const Override* exact = all.find(domain, false, {}, Time{});
  const Override* wildcard = all.find(other, false, {}, Time{});
  const Override* literal = all.find(other, true, 587, Time{});
  const Override* none = all.find(*domain.parent(), true, {}, Time{});
  std::size_t after = allocations;

  CHECK(after == before);
  CHECK((exact != nullptr && wildcard != nullptr && literal != nullptr && none == nullptr));
}
