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
#include "core/decide.hpp"

namespace mtasts {

class LmdbCache;

// records: the TXT records found at a name, each with its strings joined.
int lint_record(const std::vector<std::string>& records, const Terminal& terminal);

struct HttpAnswerFacts {
  std::optional<unsigned> status;           // --status
  std::optional<std::string> content_type;  // --content-type; empty: the header is missing
};
int lint_policy_text(std::string_view body, const HttpAnswerFacts& http, const Terminal& terminal);

int match(std::string_view pattern, std::string_view host, const Terminal& terminal);

struct ListOptions {
  std::string mode{};                              // enforce | testing | none; empty: any
  std::optional<std::chrono::seconds> expiring{};  // only policies in force that end within this
  std::string glob{};                              // fnmatch(3) on the domain; empty: any
  bool all = false;                                // also domains without a policy
};
int list(LmdbCache& cache, const ListOptions& options, Time now, const Terminal& terminal);

int show(LmdbCache& cache, std::string_view domain, const PolicyConfig& rules, Time now,
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

}  // namespace mtasts
