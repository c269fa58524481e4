#include "cli/explain_live.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>

#include "answer/question.hpp"
#include "cli/open_cache.hpp"
#include "cli/terminal.hpp"
#include "cli/words.hpp"
#include "diagnose/run_to_end.hpp"
#include "resolver/network.hpp"
#include "service/client/control_client.hpp"
#include "sys/watched_clock.hpp"

namespace mtasts {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

// Reads the domain's entry from the cache; inputs.cache says in words what was found.
void read_cache(const Config& config, const DomainName& domain, const Clock& clock, ExplainInputs& inputs) {
  auto cache = open_cache(config.cache, clock);
  if (auto belief = cache ? belief_by(**cache) : std::nullopt) {
    Moment moment = moment_of(*belief, read_clocks());
    inputs.now = moment.now;
    inputs.clock = moment.clock;
  }
  auto reader = cache ? (*cache)->reader() : std::unexpected(cache.error());
  auto found = reader ? (*reader)->find(domain) : std::unexpected(reader.error());
  if (!found) {
    inputs.cache = "not read, so explained as if it were empty: " + found.error().detail;
  } else if (!*found) {
    inputs.cache = "nothing is stored about this domain";
  } else {
    inputs.stored = to_record(**found);
    inputs.cache =
        fmt::format("{}, last lookup {}", (*found)->has_policy ? "a policy is stored" : "no policy is stored",
                    from_now((*found)->looked_up_at, inputs.now));
  }
  if (reader) (*reader)->release();
}

// The object for postfix_dane in the daemon's status object; of the zone, if zone is not empty. nullptr:
// there is none.
const json::object* postfix_dane_of(const json::object& status, std::string_view zone) {
  const auto* main = status.if_contains("postfix_dane");
  const auto* object = main == nullptr ? nullptr : main->if_object();
  if (object == nullptr || zone.empty()) return object;
  const auto* zones = object->if_contains("zones");
  const auto* all = zones == nullptr ? nullptr : zones->if_object();
  const auto* found =
      all == nullptr ? nullptr : all->if_contains(json::string_view(zone.data(), zone.size()));
  return found == nullptr ? nullptr : found->if_object();
}

constexpr std::string_view assumed = "assumed to do DANE itself: ";

// For postfix_dane = "auto": what the running daemon found out from Postfix's resolvers.
void read_postfix(const Result<json::object>& status, std::string_view zone, Health& health,
                  ExplainInputs& inputs) {
  health.postfix_dane = true;
  if (!status) {
    inputs.postfix = std::string(assumed) + status.error().detail;
    return;
  }
  const auto* found = postfix_dane_of(*status, zone);
  const auto* value = found == nullptr ? nullptr : found->if_contains("value");
  if (value == nullptr || (!value->is_bool() && !value->is_null())) {
    inputs.postfix = std::string(assumed) + "the running mtastsd does not say whether it does";
  } else if (value->is_null()) {
    health.postfix_dane.reset();
    inputs.postfix = "the running mtastsd does not know yet whether Postfix does DANE itself";
  } else {
    health.postfix_dane = value->get_bool();
    inputs.postfix = value->get_bool() ? "does DANE itself, says the running mtastsd"
                                       : "does not do DANE itself, says the running mtastsd";
  }
}

// Since when DNSSEC has been down, and whether it ever worked, as the running daemon says.
void read_outage(const Result<json::object>& status, Time now, Health& health) {
  if (!status) return;
  const auto* found = status->if_contains("dnssec");
  const auto* dnssec = found == nullptr ? nullptr : found->if_object();
  if (dnssec == nullptr) return;
  const auto* worked = dnssec->if_contains("worked_once");
  const auto* down_for = dnssec->if_contains("down_for");
  health.dnssec_worked = worked != nullptr && worked->is_bool() && worked->get_bool();
  bool known = down_for != nullptr && down_for->is_int64();
  health.dnssec_down_since = known ? now - std::chrono::seconds(down_for->get_int64()) : now;
}

// Chooses how to resolve, as the daemon does.
Result<Choice> choose_dns(asio::io_context& loop, const DnsConfig& config, const Clock& clock) {
  Resolvers system = system_resolvers();
  auto made = make_unbound_dns(loop, first_options(config, system));
  if (!made) return std::unexpected(std::move(made.error()));  // a file or an option can't be used
  ChoiceOptions options;
  options.anchor = trust_anchor(config);
  options.ways = ways_to_try(config, system);
  options.make = make_dns(loop, config, *std::move(made));
  Choice choice = run_to_end(loop, choose_way(std::move(options), clock));
  if (!choice.dns) return fail(Fault::config, choice.detail);
  return choice;
}

// Finds out what rules 3 to 5 depend on: DNSSEC, and whether Postfix does DANE.
void find_rules(const Config& config, const ZoneSettings& zone, std::string_view zone_name,
                const Choice& choice, ExplainInputs& inputs) {
  Health health;
  health.dnssec = choice.outcome != DnssecCheck::Outcome::broken;  // no answer says nothing about DNSSEC
  health.dnssec_detail = choice.detail;
  auto status = ask_daemon(config.listen.control, ControlVerb::status, std::chrono::seconds(3));
  read_outage(status, inputs.now, health);
  if (zone.postfix_dane == PostfixDaneSetting::automatic) {
    read_postfix(status, zone_name, health, inputs);
  } else {
    bool does = zone.postfix_dane == PostfixDaneSetting::yes;
    inputs.postfix =
        does ? "does DANE itself (postfix_dane = \"yes\")" : "does not do DANE (postfix_dane = \"no\")";
  }
  inputs.rules = rules_now(zone, &health, inputs.now);
  inputs.rules.dnssec_detail = {};
  inputs.dnssec_detail = choice.detail;
  inputs.dnssec_known = choice.outcome != DnssecCheck::Outcome::no_answer;
  inputs.way = choice.words;
}

std::string_view map_of(const ExplainQuestion& question) noexcept {
  return question.map.empty() ? std::string_view("postfix") : question.map;
}

// The zone that a map name means. Valid for as long as the settings.
Result<const ZoneSettings*> zone_of(const Settings& settings, std::string_view map) {
  auto name = parse_map_name(map);
  const ZoneSettings* zone = name ? find_zone(settings, name->zone) : nullptr;
  if (zone != nullptr) return zone;
  return fail(Fault::syntax,
              fmt::format("\"{}\" is not a map name; write postfix, postfix310 or sts, followed by "
                          "/ZONE for a zone of the configuration",
                          printable(map)));
}

// What the configuration and the cache say about the next hop.
ExplainInputs inputs_of(const Config& config, const Settings& settings, const ZoneSettings& zone,
                        const ExplainQuestion& question, const Clock& clock) {
  ExplainInputs inputs;
  inputs.now = clock.now();
  inputs.next_hop = question.next_hop.domain;
  inputs.map = map_of(question);
  inputs.rules = configured_rules(zone);
  inputs.port = zone.default_port;
  inputs.mx_hosts = dane_lookup_options(config).mx_hosts;
  inputs.cache = "not asked";
  std::string scratch;
  auto asked = read_question(settings, nullptr, clock.moment(), inputs.map, inputs.next_hop, scratch);
  if (!asked) return inputs;
  inputs.port = asked->route.port;
  if (asked->over != nullptr) inputs.over = *asked->over;
  if (asked->in_private_zone)
    inputs.without_policy = "in a zone of [dns] private";
  else
    read_cache(config, asked->domain, clock, inputs);
  return inputs;
}

Result<Explanation> look_up_now(WorkLoop& loop, const Config& config, const Choice& choice,
                                ExplainInputs inputs) {
  Trace trace;
  TracingDns dns(*choice.dns, trace), sts_dns(choice.plain ? *choice.plain : *choice.dns, trace);
  auto https = make_https_fetch(loop, https_options(config.https));
  if (!https) return std::unexpected(std::move(https.error()));
  TracingFetch fetch(**https, trace);
  LateWork late(&loop);
  return explain_over(loop, dns, fetch, trace, std::move(inputs), &sts_dns);
}

}  // namespace

Result<Prepared> prepare(asio::io_context& loop, const Config& config, const ExplainQuestion& question,
                         const Clock& clock, LookUp when) {
  SettingsPtr settings = make_settings(config);
  std::string_view map = map_of(question);
  auto zone = zone_of(*settings, map);
  if (!zone) return std::unexpected(std::move(zone.error()));
  ExplainInputs inputs = inputs_of(config, *settings, **zone, question, clock);
  if (when == LookUp::if_needed && settled_at_once(inputs, read_hop(inputs)))
    return Prepared{std::move(inputs), std::nullopt};
  auto choice = choose_dns(loop, config.dns, clock);
  if (!choice) return std::unexpected(std::move(choice.error()));
  find_rules(config, **zone, parse_map_name(map)->zone, *choice, inputs);
  return Prepared{std::move(inputs), *std::move(choice)};
}

Result<ExplainInputs> prepare_another(const ExplainInputs& first, const Config& config,
                                      const ExplainQuestion& question, const Clock& clock) {
  SettingsPtr settings = make_settings(config);
  auto zone = zone_of(*settings, map_of(question));
  if (!zone) return std::unexpected(std::move(zone.error()));
  ExplainInputs inputs = inputs_of(config, *settings, **zone, question, clock);
  inputs.rules = first.rules;
  inputs.dnssec_detail = first.dnssec_detail;
  inputs.dnssec_known = first.dnssec_known;
  inputs.way = first.way;
  inputs.postfix = first.postfix;
  return inputs;
}

Result<Explanation> explain_live(const Config& config, const ExplainQuestion& question, const Clock& clock) {
  WorkLoop loop;
  auto prepared = prepare(loop, config, question, clock, LookUp::if_needed);
  if (!prepared) return std::unexpected(std::move(prepared.error()));
  if (!prepared->choice) return replay(std::move(prepared->inputs), {});
  return look_up_now(loop, config, *prepared->choice, std::move(prepared->inputs));
}

}  // namespace mtasts
