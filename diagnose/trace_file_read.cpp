#include <boost/json/parse.hpp>
#include <limits>
#include <type_traits>
#include <variant>

#include "core/finding.hpp"
#include "diagnose/json_fields.hpp"
#include "diagnose/judge_input.hpp"
#include "diagnose/trace_file.hpp"
#include "diagnose/trace_words.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;

constexpr std::int64_t last_second =
    253'402'300'799;                               // the end of the year 9999, so that sums cannot overflow
constexpr std::int64_t longest_wait = 86'400'000;  // ms
constexpr std::size_t longest_text = 65'536, longest_rdata = 65'535, most_steps = 5000, most_records = 5000;
constexpr std::size_t longest_stored = 1 << 20;
constexpr unsigned most_mx_hosts = 1000, most_warn_days = 100'000;
constexpr std::size_t most_certificates = 200, most_lines = 512;  // of a chain, of a reply

Time time_of(JsonFields& fields, std::string_view key) {
  return Time(std::chrono::seconds(fields.number(key, 0, last_second)));
}

std::chrono::milliseconds took(JsonFields& fields) {
  return std::chrono::milliseconds(fields.number("ms", 0, longest_wait));
}

// What reading a step needs to know of the file.
struct File {
  std::int64_t version;
  std::vector<std::string> certificates{};

  bool of_check() const noexcept { return version == check_version; }
};

DnsStep read_dns(JsonFields& fields, const File& file) {
  DnsStep step;
  step.name = fields.octets("name", longest_text);
  step.type = fields.word("type", enum_words<RrType>);
  step.answer.security = fields.word("security", enum_words<DnsAnswer::Security>);
  step.answer.kind = fields.word("result", enum_words<DnsAnswer::Kind>);
  step.answer.ttl =
      static_cast<std::uint32_t>(fields.number("ttl", 0, std::numeric_limits<std::uint32_t>::max()));
  step.answer.canonical = fields.octets("canonical", longest_text);
  step.answer.validated = fields.flag("validated");
  step.answer.unsigned_delegation = fields.flag("unsigned_delegation");
  step.answer.rdata = fields.hex_list("data", most_records);
  for (const std::string& each : step.answer.rdata)
    if (each.size() > longest_rdata) fields.wrong("data", "has a record of more than 65535 octets");
  step.answer.reason = fields.octets("reason", longest_text);
  step.took = took(fields);
  if (file.of_check()) step.answer.local = fields.flag("local");
  return step;
}

std::expected<HttpAnswer, FetchError> read_answer(JsonFields& fields, const File& file) {
  if (fields.has("step")) {
    FetchError error{fields.word("step", saved::fetch_steps), fields.octets("detail", longest_text)};
    if (file.of_check()) error.local = fields.flag("local");
    if (file.of_check() && fields.has("put_off")) error.put_off = fields.flag("put_off");
    return std::unexpected(std::move(error));
  }
  HttpAnswer answer;
  answer.status = static_cast<unsigned>(fields.number("status", 0, 999));
  answer.content_type = fields.octets("content_type", max_policy_bytes);
  answer.body = fields.hex("body", max_policy_bytes + 1);
  return answer;
}

std::optional<DomainName> read_domain(JsonFields& fields) {
  auto domain = DomainName::parse(fields.octets("domain", DomainName::max_size));
  if (!domain) fields.wrong("domain", "is not a host name");
  return domain;
}

Address read_address(JsonFields& fields, std::string_view key = "address") {
  auto address = parse_address(fields.octets(key, 100));
  if (!address) fields.wrong(key, "is not an IP address");
  return address.value_or(Address{});
}

// facts: SmtpTlsFacts or PolicyHostSeen.
void read_chain(JsonFields& fields, const File& file, auto& facts) {
  std::size_t total = 0;
  for (std::size_t number : fields.numbers("chain", most_certificates, file.certificates.size())) {
    total += file.certificates[number].size();
    if (total > max_chain_octets) return fields.wrong("chain", "has more than 16384 octets");
    facts.chain.push_back(file.certificates[number]);
  }
  facts.chain_cut = fields.flag("chain_cut");
  facts.untrusted = static_cast<int>(fields.number("untrusted", 0, 9999));
  facts.untrusted_depth = static_cast<int>(fields.number("untrusted_depth", 0, 9999));
  facts.untrusted_words = fields.octets("untrusted_words", longest_text);
}

SmtpReply read_reply(const json::value* value, const std::string& where, std::string& trouble) {
  JsonFields fields(value, where, trouble);
  SmtpReply reply;
  reply.code = static_cast<unsigned>(fields.number("code", 0, 999));
  reply.lines = fields.octets_list("lines", most_lines, longest_text);
  reply.cut = fields.flag("cut");
  fields.no_others();
  return reply;
}

std::optional<SmtpTlsFacts> read_tls(const json::value* value, const std::string& where, const File& file,
                                     std::string& trouble) {
  if (value == nullptr) return std::nullopt;
  JsonFields fields(value, where, trouble);
  SmtpTlsFacts tls;
  tls.version = fields.octets("version", longest_text);
  tls.cipher = fields.octets("cipher", longest_text);
  tls.asks_for_certificate = fields.flag("asks_for_certificate");
  read_chain(fields, file, tls);
  fields.no_others();
  return tls;
}

SmtpStep read_smtp(JsonFields& fields, const std::string& where, const File& file, std::string& trouble) {
  SmtpStep step;
  step.request.address = read_address(fields);
  step.request.port = static_cast<std::uint16_t>(fields.number("port", 0, 65'535));
  step.request.host = fields.octets("host", DomainName::max_size);
  step.request.implicit_tls = fields.flag("implicit_tls");
  SmtpDialogue& dialogue = step.dialogue;
  dialogue.reached = fields.word("reached", enum_words<SmtpStage>);
  dialogue.trouble = fields.word("trouble", enum_words<SmtpTrouble>);
  dialogue.detail = fields.octets("detail", longest_text);
  dialogue.greeting = read_reply(fields.maybe("greeting"), where + ".greeting", trouble);
  dialogue.ehlo = read_reply(fields.maybe("ehlo"), where + ".ehlo", trouble);
  dialogue.starttls = read_reply(fields.maybe("starttls"), where + ".starttls", trouble);
  dialogue.ehlo_in_tls = read_reply(fields.maybe("ehlo_in_tls"), where + ".ehlo_in_tls", trouble);
  if (fields.has("helo")) dialogue.helo = read_reply(fields.maybe("helo"), where + ".helo", trouble);
  dialogue.surplus =
      static_cast<std::uint32_t>(fields.number("surplus", 0, std::numeric_limits<std::uint32_t>::max()));
  dialogue.tls = read_tls(fields.maybe("tls"), where + ".tls", file, trouble);
  step.took = took(fields);
  if (auto what = contradiction_in(dialogue, step.request.implicit_tls); !what.empty() && trouble.empty())
    trouble = where + ": " + std::string(what);
  return step;
}

PolicyHostSeen read_seen(const json::value* value, const std::string& where, const File& file,
                         std::string& trouble) {
  JsonFields fields(value, where, trouble);
  PolicyHostSeen seen;
  seen.tls = fields.word("tls", enum_words<TlsTrouble>);
  seen.status = static_cast<unsigned>(fields.number("status", 0, 999));
  seen.location = fields.octets("location", max_header_octets);
  seen.content_encoding = fields.octets("content_encoding", max_header_octets);
  seen.too_large = fields.flag("too_large");
  seen.cut_short = fields.flag("cut_short");
  read_chain(fields, file, seen);
  fields.no_others();
  return seen;
}

void read_step(const json::value& value, std::size_t number, const File& file, Trace& trace,
               std::string& trouble) {
  const std::string where = "trace[" + std::to_string(number) + "]";
  JsonFields fields(&value, where, trouble);
  auto kind = fields.word("kind", saved::steps);
  bool of_check = kind != saved::StepKind::dns && kind != saved::StepKind::https;
  if (of_check && !file.of_check())
    return fields.wrong("kind", "is not one of the words allowed there in a file of this version");
  if (kind == saved::StepKind::dns) trace.emplace_back(read_dns(fields, file));
  if (kind == saved::StepKind::smtp) trace.emplace_back(read_smtp(fields, where, file, trouble));
  if (kind == saved::StepKind::name_server)
    trace.emplace_back(NameServerStep{read_address(fields, "server"), read_dns(fields, file)});
  if (kind == saved::StepKind::policy_place)
    if (auto domain = read_domain(fields))
      trace.emplace_back(PolicyPlaceStep{*domain, fields.word("place", enum_words<PolicyPlace>),
                                         fields.word("found", enum_words<PlaceFound>), took(fields)});
  if (kind == saved::StepKind::https)
    if (auto domain = read_domain(fields))
      trace.emplace_back(HttpsStep{*domain, read_answer(fields, file), took(fields)});
  if (kind == saved::StepKind::policy_host)
    if (auto domain = read_domain(fields)) {
      PolicyHostStep step{*domain, read_address(fields), {read_answer(fields, file)}, took(fields)};
      step.answer.asked = fields.flag("asked");
      step.answer.timed_out = fields.flag("timed_out");
      step.answer.seen = read_seen(fields.maybe("seen"), where + ".seen", file, trouble);
      trace.emplace_back(std::move(step));
    }
  fields.no_others();
}

Trace read_steps(JsonFields& fields, const File& file, std::string& trouble) {
  Trace trace;
  const auto* list = fields.array("trace", most_steps);
  for (std::size_t i = 0; list != nullptr && i < list->size() && trouble.empty(); ++i)
    read_step((*list)[i], i, file, trace, trouble);
  return trace;
}

void read_value(JsonFields& fields, const ZoneKey& key, bool& out) { out = fields.flag(key.name); }

template <class T>
  requires std::is_unsigned_v<T>
void read_value(JsonFields& fields, const ZoneKey& key, T& out) {
  out = static_cast<T>(fields.number(key.name, key.least, key.most));
}

void read_value(JsonFields& fields, const ZoneKey& key, std::chrono::milliseconds& out) {
  out = std::chrono::milliseconds(fields.number(key.name, key.least, key.most));
}

template <class E>
  requires std::is_enum_v<E>
void read_value(JsonFields& fields, const ZoneKey& key, E& out) {
  out = fields.word<E>(key.name);
}

// A key that is missing is newer than the file. It gets its default, under which nothing changes.
ZoneSettings read_settings(const json::value* value, std::string& trouble) {
  JsonFields fields(value, "rules.settings", trouble);
  ZoneSettings settings;
  for (const ZoneKey& key : zone_keys) {
    if (fields.has(key.name))
      std::visit([&](auto member) { read_value(fields, key, settings.*member); }, key.member);
  }
  fields.no_others();
  return settings;
}

// In version 1 the settings were members of `rules`. postfix_told: the configuration said "yes" or "no".
ZoneSettings read_settings_1(JsonFields& fields, PostfixDane postfix_dane) {
  ZoneSettings settings;
  settings.testing_as_enforce = fields.flag("testing_as_enforce");
  settings.dane = fields.flag("dane");
  if (fields.flag("partial_dane_only")) settings.partial_dane = PartialDane::dane_only;
  settings.mx_hosts = static_cast<unsigned>(fields.number("mx_hosts", 1, max_mx_hosts));
  bool told = fields.has("postfix_told") && fields.flag("postfix_told");
  if (told) {
    settings.postfix_dane =
        postfix_dane == PostfixDane::no ? PostfixDaneSetting::no : PostfixDaneSetting::yes;
  }
  return settings;
}

void read_rules(const json::value* value, std::int64_t version, ExplainInputs& inputs, std::string& trouble) {
  JsonFields fields(value, "rules", trouble);
  ZoneRules& rules = inputs.rules;
  rules.sts = fields.flag("sts");
  rules.postfix_dane = fields.word<PostfixDane>("postfix_dane");
  rules.settings = version == 1 ? read_settings_1(fields, rules.postfix_dane)
                                : read_settings(fields.maybe("settings"), trouble);
  rules.dnssec = fields.word("dnssec", saved::dnssec);
  inputs.dnssec_detail = fields.octets("dnssec_detail", longest_text);
  if (fields.has("dnssec_known")) inputs.dnssec_known = fields.flag("dnssec_known");
  fields.no_others();
}

std::optional<Override> read_override(const json::value* value, std::string& trouble) {
  if (value == nullptr) return std::nullopt;
  JsonFields fields(value, "override", trouble);
  Override over;
  if (auto action = enum_words<OverrideAction>.value_of(fields.octets("action", 40)))
    over.action = *action;
  else
    fields.wrong("action", "is not an action of an override");
  over.answer = fields.octets("answer", longest_text);
  over.reason = fields.octets("reason", longest_text);
  if (auto until = fields.number_or_null("until", 0, last_second))
    over.until = Time(std::chrono::seconds(*until));
  fields.no_others();
  return over;
}

std::optional<Record> read_stored(JsonFields& file) {
  const auto* value = file.maybe("stored");
  if (value == nullptr) return std::nullopt;
  std::string bytes;
  const auto* digits = value->if_string();
  bool fine = digits != nullptr && digits->size() <= 2 * longest_stored &&
              unhex({digits->data(), digits->size()}, bytes);
  if (auto record = decode(bytes); fine && record) return to_record(*record);
  file.wrong("stored", "is not a cache entry in hexadecimal digits");
  return std::nullopt;
}

CheckInputs read_check(const json::value* value, const ExplainInputs& inputs, std::string& trouble) {
  JsonFields fields(value, "check", trouble);
  CheckInputs check;
  check.explain = inputs;
  check.warn_days = static_cast<unsigned>(fields.number("warn_days", 0, most_warn_days));
  check.postfix_version = fields.octets("postfix_version", 100);
  check.ehlo = fields.octets("ehlo", DomainName::max_size + 2);  // an address literal has brackets
  if (fields.has("given")) check.given = fields.octets("given", longest_given);
  fields.no_others();
  return check;
}

// REQUIRES: the file has that version, and this code knows it.
SavedTrace read_file(JsonFields& file, std::int64_t version, std::string& trouble) {
  SavedTrace saved;
  ExplainInputs& inputs = saved.inputs;
  inputs.now = time_of(file, "time");
  if (file.has("last_certain")) inputs.clock = {false, time_of(file, "last_certain")};
  inputs.next_hop = file.octets("next_hop", longest_text);
  inputs.map = file.octets("map", 100);
  if (!parse_map_name(inputs.map)) file.wrong("map", "is not a map name");
  inputs.port = static_cast<std::uint16_t>(file.number("port", 0, 65'535));
  inputs.without_policy = file.octets("without_policy", longest_text);
  inputs.mx_hosts = static_cast<unsigned>(file.number("mx_hosts", 1, most_mx_hosts));
  inputs.way = file.octets("way", longest_text);
  inputs.postfix = file.octets("postfix", longest_text);
  inputs.cache = file.octets("cache", longest_text);
  read_rules(file.maybe("rules"), version, inputs, trouble);
  inputs.over = read_override(file.maybe("override"), trouble);
  inputs.stored = read_stored(file);
  File whole{version};
  if (whole.of_check()) {
    whole.certificates = file.hex_list("certificates", most_steps);
    saved.check = read_check(file.maybe("check"), inputs, trouble);
  }
  saved.trace = read_steps(file, whole, trouble);
  file.no_others();
  return saved;
}

}  // namespace

Result<SavedTrace> read_trace(std::string_view text) {
  if (text.size() > max_trace_file) return fail(Fault::syntax, "the file is larger than 16 MiB");
  boost::system::error_code error;
  auto value = json::parse({text.data(), text.size()}, error);
  if (error) return fail(Fault::syntax, "the file is not JSON: " + printable(error.message()));
  std::string trouble;
  JsonFields file(&value, "", trouble);
  auto version = file.number("mtastsd_trace", 1, std::numeric_limits<std::int64_t>::max());
  if (trouble.empty() && version > check_version)
    return fail(Fault::syntax, "the file has version " + std::to_string(version) +
                                   "; this mtastsctl reads versions up to " + std::to_string(check_version));
  SavedTrace saved = read_file(file, version, trouble);
  if (!trouble.empty()) return fail(Fault::syntax, trouble);
  return saved;
}

}  // namespace mtasts
