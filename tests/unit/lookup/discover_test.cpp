#include "lookup/discover.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "fakes.hpp"
#include "lookup/freshness.hpp"

using namespace mtasts;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

struct World {
  boost::asio::io_context loop;
  FakeDns dns;
  FakeFetch fetch;
  FakeClock clock;

  Discovery discover_once(std::optional<Record> stored, Trigger trigger = Trigger::ask) {
    auto done = boost::asio::co_spawn(
        loop, discover(dns, fetch, clock, name("example.com"), std::move(stored), trigger),
        boost::asio::use_future);
    loop.restart();
    loop.run();
    return done.get();
  }
};

}  // namespace

TEST_CASE("a first lookup asks for the TXT record and fetches", "[lookup]") {
  World world;
  world.dns.answer = txt({"v=STSv1; id=1;"});
  world.fetch.answer = ok(body("enforce", 604800));
  Discovery found = world.discover_once(std::nullopt);
  CHECK(world.dns.asked_names == std::vector<std::string>{"_mta-sts.example.com/TXT"});
  CHECK(found.fetched);
  CHECK(found.changed);
  CHECK(found.record.policy->mode == Mode::enforce);
  CHECK(found.record.id == "1");
  CHECK(found.record.fetched_at == world.clock.time);
}

TEST_CASE("a first lookup begins with the policy host; not for a domain that is known to have none",
          "[lookup]") {
  World world;
  world.dns.answer = txt({"v=STSv1; id=1;"});
  world.fetch.answer = ok(body("enforce", 604800));
  Record known = world.discover_once(std::nullopt).record;
  CHECK(world.fetch.started == 1);
  CHECK(world.fetch.asked_with_start == 1);
  world.discover_once(known);
  CHECK(world.fetch.started == 1);
}

TEST_CASE("without an MTA-STS record nothing is fetched", "[lookup]") {
  World world;
  world.dns.answer = txt({});
  Discovery found = world.discover_once(std::nullopt);
  CHECK(world.fetch.asked == 0);
  CHECK_FALSE(found.record.policy);
  CHECK(found.record.last_lookup.state == StsState::no_record);
}

TEST_CASE("a name without room for _mta-sts. has no policy, and nothing is asked", "[lookup]") {
  World world;
  DomainName longest = name(std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') +
                            "." + std::string(60, 'd'));
  auto done = boost::asio::co_spawn(
      world.loop, discover(world.dns, world.fetch, world.clock, longest, std::nullopt, Trigger::ask),
      boost::asio::use_future);
  world.loop.run();
  CHECK(done.get().record.last_lookup.state == StsState::no_record);
  CHECK(world.dns.asked_names.empty());
}

// Every step that can fail is made to fail in turn, with an enforce policy cached: it must stay in force,
// unchanged, until its max_age is over.
TEST_CASE("no failing step weakens a cached enforce policy", "[lookup]") {
  struct Row {
    const char* step;
    DnsAnswer dns;
    HttpResult fetch;
  };
  DnsAnswer next_id = txt({"v=STSv1; id=2;"});
  auto row = GENERATE_COPY(values<Row>({
      {"TXT SERVFAIL", dns_failure("SERVFAIL"), http_failure(FetchStep::connect, "refused")},
      {"TXT timeout", dns_failure("timeout"), http_failure(FetchStep::deadline, "30 s")},
      {"TXT bogus", dns_failure("bogus", DnsAnswer::Security::bogus),
       http_failure(FetchStep::connect, "refused")},
      {"TXT gone", txt({}), http_failure(FetchStep::connect, "refused")},
      {"TXT doubled", txt({"v=STSv1; id=2;", "v=STSv1; id=3;"}), http_failure(FetchStep::connect, "refused")},
      {"TXT invalid", txt({"v=STSv1; id=!;"}), http_failure(FetchStep::connect, "refused")},
      {"no address", next_id, http_failure(FetchStep::address, "NXDOMAIN")},
      {"connection refused", next_id, http_failure(FetchStep::connect, "refused")},
      {"certificate", next_id, http_failure(FetchStep::tls, "expired")},
      {"HTTP cut", next_id, http_failure(FetchStep::response, "stream truncated")},
      {"deadline", next_id, http_failure(FetchStep::deadline, "30 s")},
      {"status 500", next_id, HttpAnswer{500, "text/plain", ""}},
      {"status 302", next_id, HttpAnswer{302, "text/plain", ""}},
      {"media type", next_id, HttpAnswer{200, "text/html", body("none", 86400)}},
      {"garbage body", next_id, ok("<html>")},
      {"empty body", next_id, ok("")},
      {"cut body", next_id, ok("version: STSv1\nmode: enf")},
  }));
  INFO(row.step);
  auto trigger = GENERATE(Trigger::ask, Trigger::refresh);
  World world;
  const Record before = stored_policy(world.clock.time, "enforce", 604800, "1");
  world.clock.time += 90'000s;
  world.dns.answer = row.dns;
  world.fetch.answer = row.fetch;
  Discovery found = world.discover_once(before, trigger);
  REQUIRE(found.record.policy);
  CHECK(found.record.policy->mode == Mode::enforce);
  CHECK(found.record.policy->lines == before.policy->lines);
  CHECK(found.record.fetched_at == before.fetched_at);
  CHECK_FALSE(found.changed);
  CHECK(policy_in_force(view(found.record), certain(before.fetched_at + 604799s)));
  CHECK_FALSE(policy_in_force(view(found.record), certain(before.fetched_at + 604800s)));
}

TEST_CASE("a refresh that is put off is not a failure, and a new id stays unseen", "[lookup]") {
  World world;
  Record stored = stored_policy(world.clock.time - 90'000s, "enforce", 604800, "1");
  world.dns.answer = txt({"v=STSv1; id=2;"});
  world.fetch.answer = put_off();
  Discovery found = world.discover_once(stored, Trigger::refresh);
  CHECK(world.fetch.hurry == Hurry::whenever);
  CHECK(found.put_off);
  CHECK_FALSE(found.fetched);
  CHECK_FALSE(found.changed);
  CHECK(found.record.last_lookup.state == StsState::current);
  CHECK(found.record.last_lookup.next_check == stored.last_lookup.next_check);
  CHECK(found.record.refresh_at > world.clock.time);
  world.fetch.answer = ok(body("testing", 604800));
  CHECK(world.discover_once(found.record).changed);  // the next asker's lookup fetches it
  CHECK(world.fetch.hurry == Hurry::now);
}
