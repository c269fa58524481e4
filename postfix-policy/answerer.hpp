// answerer - one request in, one reply out; or word that a flight has to find out first.
//
// One for each answer thread, used by that thread only. The cached path is one LMDB read, decide(), and a
// reply appended to a buffer that keeps its capacity: no heap, no lock, no clock but the time of day.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/map_name.hpp"
#include "lookup/flights.hpp"
#include "ports/clock.hpp"
#include "ports/store.hpp"
#include "postfix-policy/health.hpp"
#include "postfix-policy/log.hpp"
#include "postfix-policy/settings.hpp"

namespace mtasts {

// A request that the cache doesn't settle.
struct Miss {
  DomainName domain;
  Dialect dialect;
  std::chrono::milliseconds wait;  // answer as pending after this
  ZoneRules rules;
  std::string map;  // as asked, for the log
};

struct Counters {  // plain cells of the thread
  std::uint64_t requests = 0, cached = 0, missed = 0, refused = 0;
};

class Answerer {
 public:
  using LookAgain = std::function<void(const DomainName&)>;  // must only post to the resolve thread

  Answerer(Reader& reader, const Clock& clock, Log& log, LookAgain look_again)
      : reader_(reader), clock_(clock), log_(log), look_again_(std::move(look_again)) {}

  void use(SettingsPtr settings) { settings_ = std::move(settings); }  // before the first request
  void use(HealthPtr health) { health_ = std::move(health); }
  const Settings& settings() const noexcept { return *settings_; }

  // Appends the reply's payload to out, or returns what to wait for (out unchanged then).
  std::optional<Miss> answer(std::string_view payload, std::string& out);

  // The reply to a Miss. took: since the request came in.
  void finish(const Miss& miss, const Outcome& outcome, std::chrono::milliseconds took, std::string& out);

  const Counters& counters() const noexcept { return counters_; }

 private:
  struct Asked;

  void refuse_map(std::string_view map, std::string& out);
  void refuse_key(const Asked& asked, std::string_view key, std::string_view why, std::string& out);
  std::optional<Miss> answer_for(const Asked& asked, const DomainName& domain, std::string& out);
  void render(const Asked& asked, const DomainName& domain, const Decision& decision,
              const RecordView* record, std::string_view source, std::string& out);
  void recheck(const DomainName& domain, Time now);
  void log_answer(Log::Level level, std::string_view map, const DomainName& domain, const Decision& decision,
                  std::string_view source, std::chrono::milliseconds took, std::string_view reply);
  bool once_a_minute(Time& last);

  Reader& reader_;
  const Clock& clock_;
  Log& log_;
  LookAgain look_again_;
  SettingsPtr settings_;
  HealthPtr health_ = std::make_shared<const Health>();
  Counters counters_;
  std::string scratch_;  // converted keys
  Time last_map_warning_{};
  Time last_idna_warning_{};
  // Which domains were posted for a recheck lately: a busy domain is posted once in 5 s, not with every
  // answer.
  struct Posted {
    std::size_t hash = 0;
    Time at{};
  };
  std::array<Posted, 1024> posted_{};
};

}  // namespace mtasts
