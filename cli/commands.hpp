// commands - the verbs of mtastsctl (mtastsctl(1)). Each takes its options, writes to the terminal and
// returns an ExitCode. Parsing of the command line is main.cpp's; each verb has a .cpp of its own.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.hpp"
#include "conf/config.hpp"
#include "core/moment.hpp"
#include "ports/clock.hpp"

namespace mtasts {

class LmdbCache;

// records: the TXT records found at a name, each with its strings joined.
int lint_record(const std::vector<std::string>& records, const Terminal& terminal);

struct HttpAnswerFacts {
  std::optional<unsigned> status;           // --status
  std::optional<std::string> content_type;  // --content-type; empty: the header is missing
};
int lint_policy_text(std::string_view body, const HttpAnswerFacts& http, const Terminal& terminal);

// One record in presentation form; its words may come one by one, as a shell hands them over.
int lint_tlsa_text(const std::vector<std::string>& words_of_record, const Terminal& terminal);

int match(std::string_view pattern, std::string_view host, const Terminal& terminal);

struct ListOptions {
  std::string mode{};                              // enforce | testing | none; empty: any
  std::optional<std::chrono::seconds> expiring{};  // only policies in force that end within this
  std::string glob{};                              // fnmatch(3) on the domain; empty: any
  bool all = false;                                // also domains without a policy
};
// overrides: all of the configuration; those in force are listed too.
int list(LmdbCache& cache, const ListOptions& options, const std::vector<OverrideConfig>& overrides,
         const Moment& moment, const Terminal& terminal);

int show(LmdbCache& cache, std::string_view domain, const Config& config, const Moment& moment,
         const Terminal& terminal);

struct QueryOptions {
  std::string domain;
  std::string map;                          // empty: postfix, with the reason
  std::chrono::milliseconds limit{10'000};  // for one answer
};
// The time limit that leaves the daemon its own answer_timeout, in the zone of map if it has one.
std::chrono::milliseconds query_limit(const Config& config, std::string_view map);
int query(const std::vector<Endpoint>& endpoints, const QueryOptions& options, const Terminal& terminal);

// control: the path of the daemon's control socket. exit_no: it runs, but something is down.
int status(const std::string& control, const Terminal& terminal);

struct ExplainQuestion {
  std::string next_hop;  // as Postfix has it
  std::string map;       // empty: postfix
};
// Looks everything up now. save_to: a file for explain_offline(). exit_no: the reply is TEMP.
int explain(const Config& config, const ExplainQuestion& question, const std::optional<std::string>& save_to,
            const Clock& clock, const Terminal& terminal);
// The same out of such a file. question: what it must be about; empty members: whatever it is about.
int explain_offline(const std::string& file, const ExplainQuestion& question, const Terminal& terminal);

}  // namespace mtasts
