// answerer_world - an Answerer over a cache in memory, for tests of its replies.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <string>
#include <vector>

#include "../lookup/fakes.hpp"
#include "postfix-policy/answerer.hpp"

namespace mtasts::fake {

class FakeReader : public Reader {
 public:
  Result<std::optional<RecordView>> find(const DomainName& domain) override {
    ++finds;
    if (unreadable) return fail(Fault::storage, "input/output error");
    auto found = records.find(domain);
    if (found == records.end()) return std::optional<RecordView>();
    ++held;
    return std::optional<RecordView>(view(found->second));
  }
  void release() noexcept override { held = 0; }
  void note_use(const DomainName& domain, std::uint32_t) noexcept override {
    used.push_back(std::string(domain.str()));
  }

  std::map<DomainName, Record> records;
  std::vector<std::string> used;
  int finds = 0, held = 0;
  bool unreadable = false;
};

struct AnswererWorld {
  FakeReader reader;
  FakeClock clock;
  Log log{LogConfig{.level = LogConfig::Level::error}};
  std::vector<std::string> rechecked;
  Answerer answerer{reader, clock, log, [this](const DomainName& d, std::optional<Route>) {
                      rechecked.push_back(std::string(d.str()));
                    }};

  explicit AnswererWorld(SettingsPtr settings) { answerer.use(std::move(settings)); }

  void store(std::string_view domain, Record record) {
    reader.records.insert_or_assign(name(domain), std::move(record));
  }

  std::string ask(std::string_view payload) {
    std::string out;
    auto miss = answerer.answer(payload, out);
    CHECK(reader.held == 0);  // no read transaction outlives the answer
    return miss ? "MISS " + std::string(miss->asked.domain.str()) : out;
  }
};

}  // namespace mtasts::fake
