#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/commands.hpp"
#include "cli/domain_argument.hpp"
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

Result<PublicationFacts> facts_of(const GenerateOptions& options, Time now) {
  auto argument = read_domain(options.domain);
  if (!argument) return std::unexpected(argument.error());
  auto domain = DomainName::parse(argument->domain);
  if (!domain) return fail(Fault::syntax, in_quotes(options.domain) + " is not a domain name");
  std::string name(domain->str());
  if (options.mx.empty())
    return fail(Fault::syntax,
                fmt::format("the MX hosts must be named, each with --mx; dig +short MX {} shows them", name));
  auto mx = mx_arguments(options.mx);
  if (!mx) return std::unexpected(mx.error());
  auto host = DomainName::parse("mta-sts." + name);
  if (!host || name.size() + std::string_view("_smtp._tls.").size() > DomainName::max_size)
    return fail(Fault::syntax, fmt::format("{} is too long to have names below it", name));
  std::string uri = options.report_uri.empty() ? "mailto:tls-reports@" + name : options.report_uri;
  if (!report_target(uri))
    return fail(Fault::syntax,
                fmt::format("--rua {} is not a URI for reports; write mailto:ADDRESS or https://HOST/PATH",
                            in_quotes(uri)));
  Mode mode = mode_of(options.mode).value_or(Mode::testing);
  return PublicationFacts{*domain, *host, mode, *std::move(mx), std::move(uri), now};
}

boost::json::object json_of(const TxtRecord& record) {
  return {{"name", to_json(record.name)}, {"type", "TXT"}, {"text", to_json(record.text)}};
}

void print_json(const PublicationFacts& facts, const Publication& made, const Terminal& terminal) {
  boost::json::object servers;
  for (const auto& snippet : made.snippets) servers[snippet.server] = to_json(snippet.text);
  boost::json::array plan;
  for (const auto& step : made.plan) plan.push_back(to_json(step));
  terminal.print_json(boost::json::object{
      {"domain", to_json(facts.domain.str())},
      {"mode", to_json(words(facts.mode))},
      {"records", boost::json::array{json_of(made.sts), json_of(made.tlsrpt)}},
      {"policy", boost::json::object{{"url", to_json(made.policy_url)}, {"text", to_json(made.policy)}}},
      {"servers", std::move(servers)},
      {"plan", std::move(plan)}});
}

void print_text(const PublicationFacts& facts, const Publication& made, const Terminal& terminal) {
  auto block = [&](std::string_view title, std::string_view text) {
    terminal.print(terminal.paint(Colour::faint, fmt::format("# {}", title)));
    terminal.print(text);
  };
  block("TXT records, as a zone file has them", zone_line(made.sts));
  terminal.print(zone_line(made.tlsrpt) + '\n');
  block(fmt::format("Policy: save it as /var/www/{}/.well-known/mta-sts.txt", facts.policy_host.str()),
        made.policy);
  for (const auto& snippet : made.snippets) block(snippet.server, snippet.text);
  terminal.print(terminal.paint(Colour::faint, "# Plan"));
  for (std::size_t i = 0; i < made.plan.size(); ++i)
    terminal.print(wrapped(fmt::format("{}. {}", i + 1, made.plan[i]), 3));
}

}  // namespace

int generate(const GenerateOptions& options, Time now, const Terminal& terminal) {
  auto facts = facts_of(options, now);
  if (!facts) return terminal.trouble(facts.error().detail);
  Publication made = publication(*facts);
  if (terminal.json)
    print_json(*facts, made, terminal);
  else
    print_text(*facts, made, terminal);
  return exit_ok;
}

}  // namespace mtasts
