// Once warm, the cached path allocates nothing, whatever decides. Every operator new of this thread is
// counted.
#include <catch2/catch_test_macros.hpp>

#include "../lookup/dane_fakes.hpp"
#include "answerer_world.hpp"
#include "tests/unit/count_allocations.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using mtasts::test::allocations;
using namespace mtasts::fake;
using namespace std::chrono_literals;

namespace {

// As the cache does: the record is decoded again for each answer.
class StoredReader : public Reader {
 public:
  Result<std::optional<RecordView>> find(const DomainName& domain) override {
    auto found = stored.find(domain);
    if (found == stored.end()) return std::optional<RecordView>();
    auto record = decode(found->second);
    if (!record) return std::unexpected(record.error());
    return std::optional<RecordView>(*record);
  }
  void release() noexcept override {}
  void note_use(const DomainName&, std::uint32_t) noexcept override {}

  std::map<DomainName, std::string> stored;
};

}  // namespace

TEST_CASE("a cached answer allocates nothing, by policy, by DANE or by override", "[policy]") {
  StoredReader reader;
  FakeClock clock;
  Log log{LogConfig{.level = LogConfig::Level::info}};
  Config config;
  config.policy.postfix_dane = PostfixDaneSetting::yes;
  config.overrides.push_back(
      {"o", {name("over.example"), true, false, false, {}}, {OverrideAction::ignore_dane, "", "x"}, false});
  Answerer answerer(reader, clock, log, [](const DomainName&, std::optional<Route>) {});
  answerer.use(make_settings(config));
  auto store = [&](std::string_view domain, std::string_view hosts, MxState mx) {
    Record record = stored_policy(clock.time, "enforce", 604800);
    DaneState& dane = record.dane.emplace_back();
    dane.mx = mx;
    dane.hosts = test::host_list(hosts);
    dane.looked_up_at = clock.time;
    dane.valid_until = clock.time + 300s;
    reader.stored.emplace(name(domain), encode(record));
  };
  store("policy.example", "-+a-host-with-a-long-name.policy.example", MxState::insecure);
  store("dane.example",
        "u+a-host-with-a-long-name.dane.example\nu=another-host-with-a-long-name.dane.example",
        MxState::secure);
  store("partial.example", "u+a-host-with-a-long-name.partial.example\n0=b.partial.example", MxState::secure);
  store("some.over.example", "u+a-host-with-a-long-name.over.example", MxState::secure);
  const std::string requests[] = {"postfix policy.example", "postfix310 policy.example:25",
                                  "postfix dane.example", "sts partial.example", "postfix some.over.example"};
  std::string out;
  out.reserve(4096);
  for (const auto& request : requests) {
    out.clear();
    CHECK_FALSE(answerer.answer(request, out));
    CHECK(out.starts_with("OK "));
  }
  std::size_t before = allocations;
  bool missed = false;
  for (int round = 0; round < 10; ++round) {
    for (const auto& request : requests) {
      out.clear();
      missed = answerer.answer(request, out).has_value() || missed;
    }
  }
  std::size_t after = allocations;
  CHECK(after == before);
  CHECK_FALSE(missed);
}
