#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>

#include "cli/commands.hpp"
#include "cli/domain_argument.hpp"
#include "cli/live_hosts.hpp"
#include "cli/sheet.hpp"
#include "core/address.hpp"
#include "core/mx_pattern.hpp"
#include "core/tlsrpt.hpp"
#include "diagnose/publication.hpp"
#include "idn/to_a_labels.hpp"

namespace mtasts {
namespace {

Result<MxPattern> mx_argument(std::string_view text) {
  std::string_view host = text.ends_with('.') ? text.substr(0, text.size() - 1) : text;  // as dig prints it
  auto ascii = has_u_labels(host) ? to_a_labels(host) : std::optional<std::string>(host);
  auto pattern = ascii ? MxPattern::parse(*ascii) : std::nullopt;
  if (pattern) return *pattern;
  bool address = parse_address(host) || is_numeric_mx(host);
  return fail(Fault::syntax, fmt::format("--mx {} {}", in_quotes(text),
                                         address ? "is an address; write the name of the MX host"
                                                 : "is not a host name, nor \"*.\" and a host name"));
}

Result<MxList> mx_arguments(const std::vector<std::string>& texts) {
  MxList mx;
  for (const std::string& text : texts) {
    auto pattern = mx_argument(text);
    if (!pattern) return std::unexpected(pattern.error());
    if (std::ranges::find(mx, pattern->text()) == mx.end()) mx.append(*pattern);
  }
  return mx;
}

// The arguments, read.
struct Asked {
  DomainArgument argument;
  DomainName domain, policy_host;
  MxList mx;  // empty: the live MX hosts
  std::string report_uri;
  std::optional<Mode> mode;
};

Result<Asked> read_names(const GenerateOptions& options) {
  auto argument = read_domain(options.domain);
  if (!argument) return std::unexpected(argument.error());
  auto domain = DomainName::parse(argument->domain);
  if (!domain) return fail(Fault::syntax, in_quotes(options.domain) + " is not a domain name");
  auto host = DomainName::parse("mta-sts." + argument->domain);
  if (!host || argument->domain.size() + std::string_view("_smtp._tls.").size() > DomainName::max_size)
    return fail(Fault::syntax, fmt::format("{} is too long to have names below it", argument->domain));
  return Asked{*argument, *domain, *host, {}, {}, mode_of(options.mode)};
}

Result<Asked> read_arguments(const GenerateOptions& options) {
  auto asked = read_names(options);
  if (!asked) return asked;
  auto mx = mx_arguments(options.mx);
  if (!mx) return std::unexpected(mx.error());
  asked->mx = *std::move(mx);
  asked->report_uri =
      options.report_uri.empty() ? "mailto:tls-reports@" + asked->argument.domain : options.report_uri;
  if (!report_target(asked->report_uri))
    return fail(Fault::syntax,
                fmt::format("--rua {} is not a URI for reports; write mailto:ADDRESS or https://HOST/PATH",
                            in_quotes(asked->report_uri)));
  return asked;
}

PublicationFacts facts_of(const Asked& asked, Time now) {
  return {asked.domain, asked.policy_host, asked.mode.value_or(Mode::testing),
          asked.mx,     asked.report_uri,  now};
}

// Why the live MX hosts are not enough to make a policy of; empty: they are.
std::string no_hosts(const Asked& asked, const MxFacts& mx) {
  std::string_view domain = asked.argument.domain;
  if (!mx.failure.empty())
    return fmt::format(
        "the MX records of {} could not be looked up: {}; try again later, or name the MX hosts with --mx "
        "and "
        "add --no-network",
        domain, whole(mx.failure));
  if (mx.null_mx) return fmt::format("{} has a null MX: it takes no mail, so it needs no policy", domain);
  if (mx.hosts.empty())
    return fmt::format("{} does not exist in DNS, so it takes no mail; publish its MX records first", domain);
  if (mx.implicit && asked.mx.empty())
    return fmt::format(
        "{} has no MX record, so mail goes to its own address; publish an MX record, or add --mx {}", domain,
        domain);
  return {};
}

// What was seen of the live MX hosts; none if nothing was looked at.
struct Seen {
  bool looked = false;
  std::vector<HostVerdict> hosts;
  Findings remarks;

  bool lets_enforce() const { return !looked || all_pass(hosts) == true; }
};

// Errors, and what a verdict says already, are left out.
bool is_remark(const Finding& finding, const std::vector<HostVerdict>& hosts) {
  bool said = std::ranges::find(hosts, finding.message, &HostVerdict::reason) != hosts.end();
  return !said && (finding.severity == Severity::warning || finding.code == "pattern-unused");
}

Seen seen_of(const LiveHosts& live, const PublicationFacts& facts) {
  CandidateJudgement judgement = judge_candidate(live, {Mode::enforce, facts.mx});
  std::erase_if(judgement.findings, [&](const Finding& each) { return !is_remark(each, judgement.hosts); });
  return {true, std::move(judgement.hosts), std::move(judgement.findings)};
}

// Makes facts of what was seen. Without --mx the policy lists the live MX hosts.
Result<Seen> add_live(const Asked& asked, const LiveHosts& live, PublicationFacts& facts) {
  if (std::string why = no_hosts(asked, live.mx); !why.empty()) return fail(Fault::syntax, std::move(why));
  facts.published = live.published;
  facts.tlsrpt = live.tlsrpt;
  bool enforces = live.published && live.published->mode == Mode::enforce;
  if (!asked.mode && enforces) facts.mode = Mode::enforce;
  if (facts.mx.empty()) facts.mx = policy_for(live, facts.mode).mx;
  if (facts.mx.empty())
    return fail(Fault::syntax, fmt::format("no MX record of {} names a host that a policy can list; write "
                                           "host names into its MX records",
                                           asked.argument.domain));
  Seen seen = seen_of(live, facts);
  if (seen.lets_enforce()) return seen;
  facts.mode = Mode::testing;
  for (std::optional<bool> passes : {std::optional(false), std::optional<bool>()})
    if (std::string why = joined_reasons(seen.hosts, passes); !why.empty())
      facts.hindrances.push_back(passes ? why : "it is not known about all MX hosts: " + why);
  return seen;
}

boost::json::object json_of(const TxtRecord& record) {
  return {{"name", to_json(record.name)}, {"type", "TXT"}, {"text", to_json(record.text)}};
}

boost::json::value json_of(const std::optional<PublishedPolicy>& published) {
  if (!published) return nullptr;
  boost::json::object object{{"id", to_json(published->id)}, {"mode", nullptr}, {"max_age", nullptr}};
  if (published->mode) object["mode"] = to_json(words(*published->mode));
  if (published->max_age > 0) object["max_age"] = published->max_age;
  return object;
}

void print_json(const DomainArgument& argument, const PublicationFacts& facts, const Seen& seen,
                const Publication& made, const Terminal& terminal) {
  boost::json::object servers;
  for (const auto& snippet : made.snippets) servers[snippet.server] = to_json(snippet.text);
  boost::json::array plan;
  for (const auto& step : made.plan) plan.push_back(to_json(step));
  boost::json::object object{
      {"domain", to_json(facts.domain.str())},
      {"mode", to_json(words(facts.mode))},
      {"looked", seen.looked},
      {"mx", to_json(seen.hosts)},
      {"findings", to_json(seen.remarks)},
      {"weakens", weakens(facts)},
      {"published", json_of(facts.published)},
      {"records", boost::json::array{json_of(made.sts), json_of(made.tlsrpt)}},
      {"policy", boost::json::object{{"url", to_json(made.policy_url)}, {"text", to_json(made.policy)}}},
      {"servers", std::move(servers)},
      {"plan", std::move(plan)}};
  tell(argument, object);
  terminal.print_json(object);
}

void print_hosts(const Seen& seen, const Terminal& terminal) {
  terminal.print(terminal.paint(Colour::faint, "# MX hosts"));
  if (!seen.looked)
    terminal.print(
        wrapped("Nothing was looked at: whether MX hosts and certificates are good is not known.", 0));
  for (const HostVerdict& each : seen.hosts)
    terminal.print(wrapped(fmt::format("{} {}", whole(each.host), verdict_words(each)), 2));
  print_findings(terminal, seen.remarks);
  terminal.print("");
}

void print_warning(const PublicationFacts& facts, const Terminal& terminal) {
  terminal.print(terminal.paint(
      Colour::bad,
      wrapped(fmt::format("WARNING: {} enforces TLS today, and this policy would end that. Its mode is "
                          "testing: mail goes out even if TLS fails.",
                          facts.domain.str()),
              2)));
  terminal.print("");
}

void print_text(const PublicationFacts& facts, const Seen& seen, const Publication& made,
                const Terminal& terminal) {
  auto block = [&](std::string_view title, std::string_view text) {
    terminal.print(terminal.paint(Colour::faint, fmt::format("# {}", title)));
    terminal.print(text);
  };
  if (weakens(facts)) print_warning(facts, terminal);
  print_hosts(seen, terminal);
  block("TXT records, as a zone file has them", zone_line(made.sts));
  terminal.print((facts.tlsrpt ? "; is there already: " : "") + zone_line(made.tlsrpt) + '\n');
  block("Policy: save it as", fmt::format("# /var/www/{}/.well-known/mta-sts.txt", facts.policy_host.str()));
  terminal.print(made.policy);
  for (const auto& snippet : made.snippets) block(snippet.server, snippet.text);
  terminal.print(terminal.paint(Colour::faint, "# Plan"));
  for (std::size_t i = 0; i < made.plan.size(); ++i)
    terminal.print(wrapped(fmt::format("{}. {}", i + 1, made.plan[i]), 3));
}

// Says why it is not mode enforce. Returns the exit code.
int tell_hindrance(const Seen& seen, std::optional<Mode> asked, const Terminal& terminal) {
  if (seen.lets_enforce()) return exit_ok;
  bool fails = all_pass(seen.hosts) == false;
  std::string why = joined_reasons(seen.hosts, fails ? std::optional(false) : std::nullopt);
  if (fails)
    terminal.trouble(fmt::format("mode enforce must wait: {}; mend it, and run this again", why));
  else
    terminal.trouble(
        fmt::format("whether mode enforce is safe is not known: {}; port 25 may be blocked where "
                    "you are, so run this where it is open",
                    why));
  return fails && asked == Mode::enforce ? exit_trouble : exit_no;
}

}  // namespace

int generate(const GenerateOptions& options, Time now,
             const std::function<Result<LiveHosts>(const DomainArgument&)>& look, const Terminal& terminal) {
  auto asked = read_arguments(options);
  if (!asked) return terminal.trouble(asked.error().detail);
  if (!look && asked->mx.empty())
    return terminal.trouble(fmt::format(
        "with --no-network the MX hosts must be named, each with --mx; dig +short MX {} shows them",
        asked->argument.domain));
  tell(asked->argument, terminal);
  PublicationFacts facts = facts_of(*asked, now);
  Seen seen;
  if (look) {
    auto live = look(asked->argument);
    if (!live) return terminal.trouble(whole(live.error().detail));
    auto added = add_live(*asked, *live, facts);
    if (!added) return terminal.trouble(added.error().detail);
    seen = *std::move(added);
  }
  Publication made = publication(facts);
  if (terminal.json)
    print_json(asked->argument, facts, seen, made, terminal);
  else
    print_text(facts, seen, made, terminal);
  return tell_hindrance(seen, asked->mode, terminal);
}

}  // namespace mtasts
