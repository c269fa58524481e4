// answerer - answers one request from the cache, or says that a flight has to look the domain up first.
//
// Each answer thread has one, and only that thread uses it. The cached path is one LMDB read, decide(), and a
// reply appended to a buffer that keeps its capacity. It allocates nothing and, while the clock is certain,
// takes no lock.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "answer/question.hpp"
#include "core/map_name.hpp"
#include "lookup/flights.hpp"
#include "ports/clock.hpp"
#include "ports/store.hpp"
#include "service/lately.hpp"
#include "service/log.hpp"

namespace mtasts {

// A request that the cache can't answer.
struct Miss {
  Asked asked;           // without map and rules: finish() sets both again
  Question question;     // what the flights are asked
  std::string map;       // the map name of the request, for the log
  SettingsPtr settings;  // keeps alive what asked refers to
};

// Counts of one thread. Each request is counted in requests and in exactly one of the others.
struct Counters {
  std::uint64_t requests = 0;
  std::uint64_t cached = 0, missed = 0;  // cached: answered from the cache; missed: needed a lookup
  std::uint64_t refused = 0;             // malformed, or of an unknown map
  std::uint64_t no_host = 0;             // the key has no policy domain, or is in a private zone
  std::uint64_t overridden = 0;          // answered by an override
  std::uint64_t unreadable = 0;          // the cache could not be read
};

class Answerer {
 public:
  // Starts a recheck. It must only post to the resolve thread.
  using Recheck = std::function<void(const DomainName&, std::optional<Route>)>;

  Answerer(Reader& reader, const Clock& clock, Log& log, Recheck look_up_again)
      : reader_(reader), clock_(clock), log_(log), post_recheck_(std::move(look_up_again)) {}

  void use(SettingsPtr settings) { settings_ = std::move(settings); }  // before the first request
  void use(HealthPtr health) { health_ = std::move(health); }
  const Settings& settings() const noexcept { return *settings_; }

  // Appends the reply's payload to out, or leaves out unchanged and returns a Miss: the caller then asks the
  // flights for its question and calls finish() with the outcome.
  std::optional<Miss> answer(std::string_view payload, std::string& out);

  // Appends the reply to a Miss. took: the time since the request came in.
  void finish(const Miss& miss, const LookupOutcome& outcome, std::chrono::milliseconds took,
              std::string& out);

  const Counters& counters() const noexcept { return counters_; }

 private:
  struct Answer;

  void refuse(const MapRequest& request, const NotAsked& why, std::string& out);
  void refuse_map(std::string_view map, std::string& out);
  void refuse_key(Dialect dialect, const MapRequest& request, std::string_view why, std::string& out);
  std::optional<Miss> answer_for(const Asked& asked, std::string& out);
  bool answer_by_override(const Asked& asked, std::string& out);
  std::optional<Miss> miss(const Asked& asked, bool for_newer_id, std::string& out);
  void answer_unreadable(const Asked& asked, std::string_view detail, Answer answer);
  void answer_shortage(const Asked& asked, std::string_view detail, Answer answer);
  void answer_from(const Asked& asked, const RecordView* record, std::optional<StsState> sts, Answer answer);
  void finish_from_cache(const Asked& asked, Answer answer);
  void respond(const Asked& asked, const Decision& decision, const RecordView* record, Answer answer);
  void recheck(const Asked& asked);
  bool once_a_minute(Time& last);

  Reader& reader_;
  const Clock& clock_;
  Log& log_;
  Recheck post_recheck_;
  SettingsPtr settings_;
  HealthPtr health_ = std::make_shared<const Health>();
  Counters counters_;
  std::string scratch_;  // converted keys
  Time last_map_warning_{};
  Time last_idna_warning_{};
  // Limits for busy domains: a recheck is posted once in 5 s, and an override or a policy that no MX host
  // fits is logged at its higher level once a minute.
  Lately posted_{std::chrono::seconds(5)};
  Lately told_{std::chrono::seconds(60)};
};

}  // namespace mtasts
