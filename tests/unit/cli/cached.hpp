// cached - a cache with one domain of each kind, for tests of the verbs that read it.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <exception>

#include "cache/lmdb_cache.hpp"
#include "cli/commands.hpp"
#include "cli/open_cache.hpp"
#include "core/sts_policy.hpp"
#include "tests/unit/cli/support.hpp"

namespace mtasts::test {

using namespace std::chrono_literals;

struct Noon final : Clock {
  Moment moment() const noexcept override { return certain(noon); }
};

inline Record with_policy(std::string_view body, std::string id, Time fetched) {
  Record record;
  record.policy = lint_policy(body).policy;
  REQUIRE(record.policy);
  record.id = std::move(id);
  record.fetched_at = fetched;
  record.refresh_at = fetched + 12h;
  record.last_lookup.at = noon - 10min;
  record.last_lookup.next_check = noon + 50min;
  return record;
}

inline Record without_policy() {
  Record record;
  record.last_lookup.state = StsState::no_record;
  record.last_lookup.at = noon - 10min;
  record.last_lookup.next_check = noon + 50min;
  return record;
}

inline void put(LmdbCache& cache, std::string_view domain, Record record) {
  boost::asio::io_context home;
  bool stored = false;
  auto task = [&]() -> boost::asio::awaitable<void> {
    auto done = co_await cache.store().put(*DomainName::parse(domain), std::move(record));
    stored = done.has_value();
  };
  boost::asio::co_spawn(home, task, [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  home.run();
  REQUIRE(stored);
}

// A cache with one domain of each kind. open() opens it for reading, as mtastsctl does.
class Fixture {
 public:
  // more: adds a domain in mode testing whose policy was fetched now and lasts 119 minutes.
  explicit Fixture(std::string_view more = {}) {
    auto writer = LmdbCache::open({folder_ / "cache", 1ull << 26, false, {}}, clock_);
    if (!writer) FAIL(writer.error().detail);
    Record failed = with_policy("version: STSv1\nmode: enforce\nmx: mx.failed.example\nmax_age: 604800\n",
                                "old", noon - 6h);
    failed.last_lookup.state = StsState::fetch_failed;
    failed.last_lookup.detail = "TLS: \x1b[31mcertificate has expired";
    failed.last_lookup.failed_id = "new";
    failed.last_lookup.retry_fetch = noon + 5min;
    failed.last_lookup.failures = 2;
    put(**writer, "enforce.example",
        with_policy(
            "version: STSv1\nmode: enforce\nmx: *.enforce.example\nmx: mx.enforce.example\nmax_age: 604800\n",
            "20260131", noon - 24h));
    put(**writer, "failed.example", failed);
    put(**writer, "gone.example",
        with_policy("version: STSv1\nmode: enforce\nmx: mx.gone.example\nmax_age: 3600\n", "1",
                    noon - 119min));
    put(**writer, "nothing.example", without_policy());
    put(**writer, "testing.example",
        with_policy("version: STSv1\nmode: testing\nmx: a.example\nmax_age: 86400\n", "7", noon - 1h));
    if (!more.empty())
      put(**writer, more,
          with_policy("version: STSv1\nmode: testing\nmx: a.example\nmax_age: 7140\n", "8", noon));
  }

  void add(std::string_view domain, Record record) {
    auto writer = LmdbCache::open({folder_ / "cache", 1ull << 26, false, {}}, clock_);
    if (!writer) FAIL(writer.error().detail);
    put(**writer, domain, std::move(record));
  }

  std::unique_ptr<LmdbCache> open() {
    auto reader = open_cache({folder_ / "cache", true, 1ull << 26}, clock_);
    if (!reader) FAIL(reader.error().detail);
    return std::move(*reader);
  }

  std::vector<std::string> listed(const ListOptions& options) {
    Caught caught;
    CHECK(list(*open(), options, {}, certain(noon), caught.json()) == exit_ok);
    std::vector<std::string> domains;
    for (const auto& each : boost::json::parse(caught.out.str()).as_array())
      domains.emplace_back(each.at("domain").as_string().c_str());
    return domains;
  }

 private:
  Folder folder_;
  Noon clock_;
};

}  // namespace mtasts::test
