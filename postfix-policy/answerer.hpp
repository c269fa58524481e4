// answerer - one request in, one reply out; or word that a flight has to find out first.
//
// One for each answer thread, used by that thread only. The cached path is one LMDB read, decide(), and a
// reply appended to a buffer that keeps its capacity: no heap, and while the clock is
// certain no lock.
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

// A request that the cache doesn't settle.
struct Miss {
  Asked asked;           // without map and rules: both are made anew when it is answered
  Question question;     // for the flights
  std::string map;       // as asked, for the log
  SettingsPtr settings;  // which asked refers to
};

// Plain cells of the thread. Each request is in one of those behind the first.
struct Counters {
  std::uint64_t requests = 0;
  std::uint64_t cached = 0, missed = 0;  // answered from the cache; looked up
  std::uint64_t refused = 0;             // no request, or an unknown map
  std::uint64_t no_host = 0;             // the key has no policy domain, or is in a private zone
  std::uint64_t overridden = 0;          // an override is the answer
  std::uint64_t unreadable = 0;          // the cache could not be read
};

class Answerer {
 public:
  // Must only post to the resolve thread.
  using Recheck = std::function<void(const DomainName&, std::optional<Route>)>;

  Answerer(Reader& reader, const Clock& clock, Log& log, Recheck look_up_again)
      : reader_(reader), clock_(clock), log_(log), post_recheck_(std::move(look_up_again)) {}

  void use(SettingsPtr settings) { settings_ = std::move(settings); }  // before the first request
  void use(HealthPtr health) { health_ = std::move(health); }
  const Settings& settings() const noexcept { return *settings_; }

  // Appends the reply's payload to out, or returns what to wait for (out unchanged then).
  std::optional<Miss> answer(std::string_view payload, std::string& out);

  // The reply to a Miss. took: since the request came in.
  void finish(const Miss& miss, const Outcome& outcome, std::chrono::milliseconds took, std::string& out);

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
  // A busy domain is posted for a recheck once in 5 s, and a busy override told once a minute, not with every
  // answer.
  Lately posted_{std::chrono::seconds(5)};
  Lately told_{std::chrono::seconds(60)};
};

}  // namespace mtasts
