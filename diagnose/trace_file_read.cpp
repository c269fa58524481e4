#include <boost/json/parse.hpp>
#include <limits>

#include "core/finding.hpp"
#include "diagnose/json_fields.hpp"
#include "diagnose/trace_file.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;

constexpr std::int64_t last_second = 253'402'300'799;  // the end of the year 9999: sums can't overflow
constexpr std::int64_t longest_wait = 86'400'000;      // ms
constexpr std::size_t longest_text = 65'536, longest_rdata = 65'535, most_steps = 5000, most_records = 5000;
constexpr std::size_t longest_stored = 1 << 20;
constexpr unsigned most_mx_hosts = 1000;

Time time_of(JsonFields& fields, std::string_view key) {
  return Time(std::chrono::seconds(fields.number(key, 0, last_second)));
}

std::chrono::milliseconds took(JsonFields& fields) {
  return std::chrono::milliseconds(fields.number("ms", 0, longest_wait));
}

DnsStep read_dns(JsonFields& fields) {
  DnsStep step;
  step.name = fields.octets("name", longest_text);
  step.type = fields.word("type", saved::rr_type_words);
  step.answer.security = fields.word("security", saved::security_words);
  step.answer.kind = fields.word("result", saved::kind_words);
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
  return step;
}

std::optional<HttpsStep> read_https(JsonFields& fields) {
  auto domain = DomainName::parse(fields.octets("domain", DomainName::max_size));
  if (!domain) {
    fields.wrong("domain", "is no host name");
    return std::nullopt;
  }
  HttpsStep step{*domain, HttpAnswer{}, took(fields)};
  if (fields.has("step")) {
    auto failed = fields.word("step", saved::fetch_step_words);
    step.answer = std::unexpected(FetchError{failed, fields.octets("detail", longest_text)});
  } else {
    step.answer->status = static_cast<unsigned>(fields.number("status", 0, 999));
    step.answer->content_type = fields.octets("content_type", max_policy_bytes);
    step.answer->body = fields.hex("body", max_policy_bytes + 1);
  }
  return step;
}

void read_step(const json::value& value, std::size_t number, Trace& trace, std::string& trouble) {
  constexpr Words<bool, 2> kinds{{{"dns", true}, {"https", false}}};
  JsonFields fields(&value, "trace[" + std::to_string(number) + "]", trouble);
  if (fields.word("kind", kinds)) {
    trace.emplace_back(read_dns(fields));
  } else if (auto step = read_https(fields)) {
    trace.emplace_back(*std::move(step));
  }
  fields.no_others();
}

Trace read_steps(JsonFields& file, std::string& trouble) {
  Trace trace;
  const auto* list = file.array("trace", most_steps);
  for (std::size_t i = 0; list != nullptr && i < list->size() && trouble.empty(); ++i)
    read_step((*list)[i], i, trace, trouble);
  return trace;
}

void read_rules(const json::value* value, ExplainInputs& inputs, std::string& trouble) {
  JsonFields fields(value, "rules", trouble);
  ZoneRules& rules = inputs.rules;
  rules.testing_as_enforce = fields.flag("testing_as_enforce");
  rules.dane = fields.flag("dane");
  rules.sts = fields.flag("sts");
  rules.postfix_dane = fields.word("postfix_dane", saved::postfix_dane_words);
  rules.partial_dane_only = fields.flag("partial_dane_only");
  rules.dnssec = fields.word("dnssec", saved::dnssec_words);
  inputs.dnssec_detail = fields.octets("dnssec_detail", longest_text);
  rules.mx_hosts = static_cast<unsigned>(fields.number("mx_hosts", 1, most_mx_hosts));
  if (fields.has("postfix_told")) inputs.postfix_told = fields.flag("postfix_told");
  fields.no_others();
}

std::optional<Override> read_override(const json::value* value, std::string& trouble) {
  if (value == nullptr) return std::nullopt;
  JsonFields fields(value, "override", trouble);
  Override over;
  auto action = override_action_of(fields.octets("action", 40));
  if (action) over.action = *action;
  if (!action) fields.wrong("action", "is no action of an override");
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
  file.wrong("stored", "is no stored record in hexadecimal digits");
  return std::nullopt;
}

// REQUIRES: the file is of this version.
SavedTrace read_file(JsonFields& file, std::string& trouble) {
  SavedTrace saved;
  ExplainInputs& inputs = saved.inputs;
  inputs.now = time_of(file, "time");
  if (file.has("last_certain")) inputs.clock = {false, time_of(file, "last_certain")};
  inputs.next_hop = file.octets("next_hop", longest_text);
  inputs.map = file.octets("map", 100);
  if (!parse_map_name(inputs.map)) file.wrong("map", "is no map name");
  inputs.port = static_cast<std::uint16_t>(file.number("port", 0, 65'535));
  inputs.without_policy = file.octets("without_policy", longest_text);
  inputs.mx_hosts = static_cast<unsigned>(file.number("mx_hosts", 1, most_mx_hosts));
  inputs.way = file.octets("way", longest_text);
  inputs.postfix = file.octets("postfix", longest_text);
  inputs.cache = file.octets("cache", longest_text);
  read_rules(file.maybe("rules"), inputs, trouble);
  inputs.over = read_override(file.maybe("override"), trouble);
  inputs.stored = read_stored(file);
  saved.trace = read_steps(file, trouble);
  file.no_others();
  return saved;
}

}  // namespace

Result<SavedTrace> read_trace(std::string_view text) {
  if (text.size() > max_trace_file) return fail(Fault::syntax, "the file is larger than 16 MiB");
  boost::system::error_code error;
  auto value = json::parse({text.data(), text.size()}, error);
  if (error) return fail(Fault::syntax, "the file is no JSON: " + printable(error.message()));
  std::string trouble;
  JsonFields file(&value, "", trouble);
  auto version = file.number("mtastsd_trace", 1, std::numeric_limits<std::int64_t>::max());
  if (trouble.empty() && version != trace_version)
    return fail(Fault::syntax, "the file is of version " + std::to_string(version) +
                                   "; this mtastsctl reads version " + std::to_string(trace_version));
  SavedTrace saved = read_file(file, trouble);
  if (!trouble.empty()) return fail(Fault::syntax, trouble);
  return saved;
}

}  // namespace mtasts
