#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstring>
#include <memory>

#include "cli/check_print.hpp"
#include "cli/commands.hpp"
#include "cli/explain_live.hpp"
#include "cli/new_file.hpp"
#include "core/catalogue.hpp"
#include "diagnose/examine.hpp"
#include "diagnose/judge_smtp.hpp"
#include "diagnose/run_to_end.hpp"
#include "diagnose/trace_file.hpp"
#include "net/smtp/smtp_client.hpp"
#include "resolver/network.hpp"
#include "sys/small_file.hpp"

namespace mtasts {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using Clock_ = std::chrono::steady_clock;

namespace {

// The version of the Postfix that is installed here; "3.10" if none is.
std::string installed_postfix() {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen("postconf -dh mail_version 2>/dev/null", "r"), ::pclose);
  std::array<char, 64> line{};
  if (!pipe || std::fgets(line.data(), line.size(), pipe.get()) == nullptr) return "3.10";
  std::string version(line.data());
  version.resize(std::min(version.find('\n'), version.size()));
  return parse_postfix_version(version) ? version : "3.10";
}

SmtpOptions smtp_options(const Config& config, milliseconds timeout) {
  SmtpOptions options{config.check.ehlo, config.https.ca_file, config.check.ca_file, timeout,
                      config.https.allow_addresses};
  std::ranges::copy(config.check.allow_addresses, std::back_inserter(options.allow_addresses));
  return options;
}

// Time limits that leave time for what comes after: DNS is asked several times in a row.
Config within(Config config, milliseconds timeout) {
  config.dns.timeout = std::min(config.dns.timeout, timeout / 6);
  config.https.timeout = std::min(config.https.timeout, timeout / 3);
  return config;
}

void leave_out(CheckReport& report, const std::vector<std::string>& codes) {
  std::erase_if(report.findings,
                [&](const Finding& each) { return std::ranges::find(codes, each.code) != codes.end(); });
  report.overall = overall_of(report.steps, report.findings);
}

int print(CheckReport report, const CheckOptions& options, milliseconds took, const Terminal& terminal,
          const DomainArgument* argument) {
  leave_out(report, options.ignore);
  if (options.nagios) {
    terminal.print(nagios_line(report, took));
  } else if (terminal.json) {
    auto object = check_object(report);
    if (argument != nullptr) tell(*argument, object);
    terminal.print_json(object);
  } else {
    print_check(report, terminal);
  }
  return check_exit(report.overall);
}

CheckReport report_of(const Examination& all, const std::string& subject) {
  return {subject, all.steps, all.findings, all.overall, &all.prediction};
}

int refuse(const Terminal& terminal, std::string_view what) {
  terminal.trouble(what);
  return check_unknown;
}

// The first code that is not in the catalogue; empty: there is none.
std::string unknown_code(const std::vector<std::string>& codes) {
  for (const std::string& each : codes)
    if (find_code(each) == nullptr) return each;
  return {};
}

// What is wrong with the options; empty: nothing.
std::string wrong_options(const CheckOptions& options) {
  if (auto code = unknown_code(options.ignore); !code.empty())
    return fmt::format("there is no code \"{}\"; mtastsctl codes lists them", printable(code));
  if (!options.postfix.empty() && !parse_postfix_version(options.postfix))
    return fmt::format("\"{}\" is not a version of Postfix; write it as 3.10", printable(options.postfix));
  return {};
}

int save(const std::string& file, const CheckInputs& inputs, const Trace& trace, const Terminal& terminal) {
  auto written = write_new_file(file, write_trace(inputs, trace));
  if (!written) return refuse(terminal, written.error().detail);
  terminal.err << fmt::format("mtastsctl: {} {}; replay it with --offline\n", whole(file),
                              *written ? "replaced" : "written");
  return check_ok;
}

}  // namespace

int check(const Config& config, const DomainArgument& domain, const CheckOptions& options,
          const std::optional<std::string>& save_to, const Clock& clock, const Terminal& terminal) {
  if (auto wrong = wrong_options(options); !wrong.empty()) return refuse(terminal, wrong);
  auto begin = Clock_::now();
  auto deadline = begin + options.timeout;
  Config limited = within(config, options.timeout);
  asio::io_context loop{1};
  ExplainQuestion question;
  question.next_hop = domain;
  auto prepared = prepare(loop, limited, question, clock, LookUp::always);
  if (!prepared) return refuse(terminal, whole(prepared.error().detail));
  auto https = make_https_fetch(loop, https_options(limited.https));
  auto dialogues = smtp_options(config, options.timeout);
  dialogues.done_by =
      deadline - options.timeout / 20;  // then they end by themselves, and it is known how far they came
  auto mail = make_smtp(loop, std::move(dialogues));
  if (!https) return refuse(terminal, whole(https.error().detail));
  if (!mail) return refuse(terminal, whole(mail.error().detail));

  Trace trace;
  Choice& choice = *prepared->choice;
  TracingDns dns(*choice.dns, trace), sts_dns(choice.plain ? *choice.plain : *choice.dns, trace);
  TracingFetch fetch(**https, trace);
  TracingSmtp smtp(**mail, trace);
  CheckInputs inputs{std::move(prepared->inputs), options.warn_days,
                     options.postfix.empty() ? installed_postfix() : options.postfix, config.check.ehlo};
  auto done = [&](std::string_view part) {
    if (!options.nagios && !terminal.json && terminal.width > 0) terminal.err << "checked: " << part << '\n';
  };
  collect(loop, {dns, sts_dns, fetch, smtp}, trace, inputs, deadline, done);
  fit_trace(inputs, trace);
  if (save_to)
    if (int saved = save(*save_to, inputs, trace, terminal); saved != check_ok) return saved;
  Examination all = examine(inputs, std::move(trace));
  auto took = std::chrono::floor<milliseconds>(Clock_::now() - begin);
  tell(domain, terminal);
  return print(report_of(all, domain.domain), options, took, terminal, &domain);
}

int check_offline(const std::string& file, const std::optional<DomainArgument>& domain,
                  const CheckOptions& options, const Terminal& terminal) {
  if (auto wrong = wrong_options(options); !wrong.empty()) return refuse(terminal, wrong);
  auto text = read_file(file, max_trace_file + 1);
  if (!text)
    return refuse(terminal, fmt::format("{} cannot be read: {}; name a file that check --save has written",
                                        printable(file, 300), std::strerror(text.error())));
  auto saved = read_trace(*text);
  if (!saved)
    return refuse(terminal,
                  fmt::format("{} can't be replayed: {}", printable(file, 300), saved.error().detail));
  if (!saved->check)
    return refuse(terminal, fmt::format("{} was saved by explain; replay it with mtastsctl explain --offline",
                                        printable(file, 300)));
  const std::string& about = saved->inputs.next_hop;
  if (domain && domain->domain != about)
    return refuse(terminal, fmt::format("{} is about {}; leave DOMAIN out to replay it", printable(file, 300),
                                        whole(about)));
  Examination all = examine(*saved->check, std::move(saved->trace));
  return print(report_of(all, printable(about)), options, milliseconds(0), terminal, nullptr);
}

namespace {

// What is learned about a server: its addresses, and a dialogue with each on each port.
struct Served {
  std::vector<Address> addresses;
  std::string failure;
  std::vector<SmtpHostFacts> ports;
};

asio::awaitable<bool> meet(Dns& dns, Smtp& smtp, std::string host, std::vector<unsigned> ports,
                           Served& served) {
  for (RrType type : {RrType::aaaa, RrType::a}) {
    DnsAnswer answer = co_await dns.ask(host, type);
    if (answer.kind == DnsAnswer::Kind::failed) served.failure = printable(answer.reason, 200);
    for (const std::string& rdata : answer.rdata)
      if (auto address = decode_address(rdata); address && served.addresses.size() < most_addresses)
        served.addresses.push_back(*address);
  }
  for (unsigned port : ports) {
    SmtpHostFacts facts;
    facts.name = host;
    facts.port = static_cast<std::uint16_t>(port);
    facts.implicit_tls = port == 465;
    for (const Address& address : served.addresses) {
      auto dialogue = co_await smtp.talk({address, facts.port, host, facts.implicit_tls});
      facts.addresses.push_back({address, std::move(dialogue)});
    }
    served.ports.push_back(std::move(facts));
  }
  co_return true;
}

}  // namespace

int smtp(const Config& config, const DomainArgument& host, const std::vector<unsigned>& ports,
         const CheckOptions& options, const Clock& clock, const Terminal& terminal) {
  if (auto wrong = wrong_options(options); !wrong.empty()) return refuse(terminal, wrong);
  auto begin = Clock_::now();
  Config limited = within(config, options.timeout);
  asio::io_context loop{1};
  ExplainQuestion question;
  question.next_hop = host;
  auto prepared = prepare(loop, limited, question, clock, LookUp::always);
  if (!prepared) return refuse(terminal, whole(prepared.error().detail));
  auto each = options.timeout / static_cast<int>(std::max<std::size_t>(ports.size(), 1));
  auto mail = make_smtp(loop, smtp_options(config, each));
  if (!mail) return refuse(terminal, whole(mail.error().detail));
  Served served;
  run_to_end(loop, meet(*prepared->choice->dns, **mail, host.domain, ports, served));

  CheckReport report;
  report.subject = host.domain;
  if (served.addresses.empty()) {
    report.steps.push_back({"smtp", host.domain,
                            served.failure.empty() ? StepState::found : StepState::unknown,
                            served.failure.empty() ? "it has no address" : served.failure});
    if (served.failure.empty())
      report.findings.push_back(make_finding("mx-no-address", host.domain + " has no address",
                                             {.step = "smtp", .host = host.domain}));
  } else {
    SmtpFacts facts;
    facts.hosts = std::move(served.ports);
    facts.warn_days = options.warn_days;
    Judgement judgement = judge_smtp(facts, prepared->inputs.now);
    report.steps = std::move(judgement.steps);
    report.findings = std::move(judgement.findings);
  }
  report.overall = overall_of(report.steps, report.findings);
  auto took = std::chrono::floor<milliseconds>(Clock_::now() - begin);
  tell(host, terminal);
  return print(std::move(report), options, took, terminal, &host);
}

}  // namespace mtasts
