// commands - the verbs of mtastsctl (mtastsctl(1)). Each takes its options, writes to the terminal and
// returns an ExitCode. main.cpp parses the command line; each verb has a .cpp of its own.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/domain_argument.hpp"
#include "cli/terminal.hpp"
#include "conf/config.hpp"
#include "core/moment.hpp"
#include "core/time.hpp"
#include "diagnose/candidate.hpp"
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

// The same, and the policy against the live MX hosts of a domain, that look() finds. look() is called only if
// the policy is valid. exit_no: also if a finding about the MX hosts is an error. exit_trouble: look()
// failed, or it is not known of a host whether it passes, while nothing else is wrong.
int lint_policy_of(const DomainArgument& domain, std::string_view body, const HttpAnswerFacts& http,
                   const std::function<Result<LiveHosts>()>& look, const Terminal& terminal);

// words_of_record: one TLSA record in presentation form, split at blanks as a shell splits it, or not.
int lint_tlsa_text(const std::vector<std::string>& words_of_record, const Terminal& terminal);

// records: as for lint_record().
int lint_tlsrpt_text(const std::vector<std::string>& records, const Terminal& terminal);

int match(std::string_view pattern, std::string_view host, const Terminal& terminal);

struct GenerateOptions {
  std::string domain;
  std::string mode{};             // testing or enforce; empty: testing, or what the domain has already
  std::vector<std::string> mx{};  // host names and patterns; empty: the live MX hosts
  std::string report_uri{};       // empty: a mailbox of the domain
};
// What the domain should publish. look: finds its live MX hosts, and is called only if the arguments are
// good; nullptr: nothing is looked at, and options.mx must not be empty. Unless each live MX host passes,
// mode testing is printed, nothing printed contains "mode: enforce", and the exit code is exit_no, or
// exit_trouble if mode enforce was asked for and a host fails. exit_trouble: also if an argument is wrong or
// missing, or the domain has no MX host.
int generate(const GenerateOptions& options, Time now,
             const std::function<Result<LiveHosts>(const DomainArgument&)>& look, const Terminal& terminal);

struct CodesOptions {
  std::string code{};     // empty: all of them
  bool markdown = false;  // print docs/CHECKS.md instead
};
// The catalogue of findings. exit_trouble: there is no such code.
int codes(const CodesOptions& options, const Terminal& terminal);

struct ListOptions {
  std::string mode{};                              // enforce | testing | none; empty: any
  std::optional<std::chrono::seconds> expiring{};  // only policies in force that expire within this time
  std::string glob{};                              // fnmatch(3) on the domain; empty: any
  bool all = false;                                // also domains without a policy
};
// overrides: all those of the configuration. list() shows those in force beside the policies.
int list(LmdbCache& cache, const ListOptions& options, const std::vector<OverrideConfig>& overrides,
         const Moment& moment, const Terminal& terminal);

// domain: of read_domain().
int show(LmdbCache& cache, const DomainArgument& domain, const Config& config, const Moment& moment,
         const Terminal& terminal);

struct QueryOptions {
  DomainArgument next_hop;
  std::string map;                          // empty: postfix, with the reason
  std::chrono::milliseconds limit{10'000};  // for one answer
};
// How long a query waits: longer than the daemon's answer_timeout, in the zone of map if it names one.
std::chrono::milliseconds query_limit(const Config& config, std::string_view map);
int query(const std::vector<Endpoint>& endpoints, const QueryOptions& options, const Terminal& terminal);

// control: the path of the daemon's control socket. exit_no: the daemon runs, but has a problem.
int status(const std::string& control, const Terminal& terminal);

struct ExplainQuestion {
  DomainArgument next_hop;
  std::string map;       // empty: postfix
  bool replies = false;  // print the reply in every dialect, not only in the map's
};
// Looks everything up now. save_to: where to write a trace for explain_offline(). exit_no: mail waits,
// because the reply is TEMP or no MX host fits the policy.
int explain(const Config& config, const ExplainQuestion& question, const std::optional<std::string>& save_to,
            const Clock& clock, const Terminal& terminal);
// The same from a saved trace. A next hop or map of question that is not empty must be what the trace is
// about.
int explain_offline(const std::string& file, const ExplainQuestion& question, const Terminal& terminal);

struct CheckOptions {
  std::chrono::milliseconds timeout{30'000};  // for everything
  // A certificate that expires sooner is a warning; nullopt: 14, or as saved.
  std::optional<unsigned> warn_days{};
  // Whose behaviour is predicted: "3.10"; empty: the installed one's, or as saved.
  std::string postfix;
  std::vector<std::string> ignore;  // codes of findings that do not count
  bool nagios = false;              // one line, as monitoring plugins print
};
// Examines a domain now. save_to: where to write what the network answered, for check_offline(). Returns 0:
// in order; 1: a warning; 2: an error; 3: something could not be learned, or the options are wrong.
int check(const Config& config, const DomainArgument& domain, const CheckOptions& options,
          const std::optional<std::string>& save_to, const Clock& clock, const Terminal& terminal);
// The same from a saved file. domain: nullopt, or what the file is about.
int check_offline(const std::string& file, const std::optional<DomainArgument>& domain,
                  const CheckOptions& options, const Terminal& terminal);

// Examines each domain of a list, 8 at once, and prints a short report of each in the order of the list.
// text: one domain on each line; blank lines and those that begin with # are left out. options.timeout holds
// for each domain. Returns the worst of check()'s values, in the order 2, 3, 1, 0.
int check_list(const Config& config, std::string_view text, const CheckOptions& options, const Clock& clock,
               const Terminal& terminal);

inline constexpr std::chrono::milliseconds least_watch = std::chrono::seconds(10),
                                           most_watch = std::chrono::hours(24);
// Examines a domain, and again whenever pause has passed after the last time. Prints the first report, and
// then what changes: findings, what could not be looked at, the verdict. Ends at SIGINT or SIGTERM, which
// stay blocked. Returns what check() would have returned the last time.
int check_watch(const Config& config, const DomainArgument& domain, const CheckOptions& options,
                std::chrono::milliseconds pause, const Clock& clock, const Terminal& terminal);

// Talks to a mail server on each port, up to TLS, and says what is wrong. ports: empty: 25, 465 and 587, of
// which only 25 must be there. Returns as check().
int smtp(const Config& config, const DomainArgument& host, const std::vector<unsigned>& ports,
         const CheckOptions& options, const Clock& clock, const Terminal& terminal);

}  // namespace mtasts
