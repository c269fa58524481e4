#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "cli/commands.hpp"
#include "conf/values.hpp"
#include "core/map_name.hpp"
#include "service/client/socketmap_client.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view remedy =
    "check that mtastsd runs (systemctl status mtastsd) and that [listen] socketmap is its own (--config "
    "FILE)";

// Exit 1 for TEMP, PERM and anything else with which no mail goes out.
int code_of(std::string_view reply) noexcept {
  return reply.starts_with("OK ") || reply.starts_with("NOTFOUND") ? exit_ok : exit_no;
}

// The object in a reply of the json map. nullopt: the reply is TEMP, PERM, or has no object.
std::optional<boost::json::object> object_of(std::string_view reply) {
  if (!reply.starts_with("OK ")) return std::nullopt;
  reply.remove_prefix(3);
  boost::system::error_code error;
  auto value = boost::json::parse({reply.data(), reply.size()}, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

const boost::json::value* member(const boost::json::object& object, std::string_view key) noexcept {
  return object.if_contains(boost::json::string_view(key.data(), key.size()));
}

std::string text_of(const boost::json::object& object, std::string_view key) {
  const auto* value = member(object, key);
  const auto* string = value == nullptr ? nullptr : value->if_string();
  return string == nullptr ? "" : std::string(string->data(), string->size());
}

// The reply to a dialect, as the object has it. Empty: it was left out, because the policy is too large.
std::string reply_in(const boost::json::object& object, Dialect dialect) {
  const auto* value = member(object, "replies");
  const auto* replies = value == nullptr ? nullptr : value->if_object();
  return replies == nullptr ? "" : text_of(*replies, words(dialect));
}

std::string reason(const boost::json::object& object) {
  auto detail = text_of(object, "detail"), source = text_of(object, "source");
  return whole(fmt::format("{}{}{}", text_of(object, "reason"), detail.empty() ? "" : ": " + detail,
                           source.empty() ? "" : fmt::format(" ({})", source)));
}

int print_reply(std::string_view reply, const Terminal& terminal) {
  int code = code_of(reply);
  terminal.print(terminal.paint(code == exit_ok ? Colour::plain : Colour::bad, whole(reply)));
  return code;
}

std::string in_zone(std::string_view dialect, std::string_view zone) {
  return zone.empty() ? std::string(dialect) : fmt::format("{}/{}", dialect, zone);
}

// A connection and the options of the query. Each request has the whole time limit.
struct QuerySession {
  SocketmapClient client;
  const QueryOptions& options;
  const Terminal& terminal;

  Result<std::string> ask(std::string_view map) {
    return client.ask(map, options.next_hop.domain, std::chrono::steady_clock::now() + options.limit);
  }

  void print_object(boost::json::object object) const {
    tell(options.next_hop, object);
    terminal.print_json(object);
  }

  // The reply to the map's dialect; for json that to postfix. The exit code follows it.
  Result<std::string> reply_of(const boost::json::object& object, MapName map) {
    auto dialect = map.dialect == Dialect::json ? Dialect::postfix : map.dialect;
    auto reply = reply_in(object, dialect);
    return reply.empty() ? ask(in_zone(words(dialect), map.zone)) : reply;
  }

  int trouble(const Error& error) const {
    auto advice =
        error.fault != Fault::timeout
            ? fmt::format("; {}", remedy)
            : fmt::format(" ({}); mtastsd runs but did not answer, see its log (journalctl -u mtastsd)",
                          format_duration(options.limit));
    return terminal.trouble(whole(error.detail) + advice);
  }
};

// Takes the reply and its reason from one object, because a second request could get another reply.
int explain(QuerySession& talk) {
  auto explained = talk.ask("json");
  if (!explained) return talk.trouble(explained.error());
  auto object = object_of(*explained);
  auto reply = object ? talk.reply_of(*object, {Dialect::postfix, {}}) : talk.ask("postfix");
  if (!reply) return talk.trouble(reply.error());
  int code = print_reply(*reply, talk.terminal);
  if (object) talk.terminal.print(talk.terminal.paint(Colour::faint, reason(*object)));
  return code;
}

// Prints one map's reply unchanged.
int print_map(QuerySession& talk) {
  auto map = parse_map_name(talk.options.map);
  auto reply = talk.ask(talk.options.map);
  if (!reply) return talk.trouble(reply.error());
  auto object = map && map->dialect == Dialect::json ? object_of(*reply) : std::nullopt;
  auto judged = object ? talk.reply_of(*object, *map) : reply;
  if (!judged) return talk.trouble(judged.error());
  print_reply(*reply, talk.terminal);
  return code_of(*judged);
}

int print_object(QuerySession& talk, const MapName& map) {
  auto explained = talk.ask(in_zone("json", map.zone));
  if (!explained) return talk.trouble(explained.error());
  auto object = object_of(*explained);
  if (!object) {
    talk.print_object({{"error", to_json(*explained)}});
    return code_of(*explained) == exit_ok ? exit_trouble : exit_no;
  }
  auto reply = talk.reply_of(*object, map);
  if (!reply) return talk.trouble(reply.error());
  talk.print_object(*std::move(object));
  return code_of(*reply);
}

int print_reply_object(const QuerySession& talk, std::string_view reply) {
  int code = code_of(reply);
  talk.print_object({{code == exit_ok ? "reply" : "error", to_json(reply)}});
  return code;
}

int answer_in_json(QuerySession& talk) {
  std::string_view name = talk.options.map.empty() ? std::string_view("postfix") : talk.options.map;
  auto map = parse_map_name(name);
  if (map && map->dialect != Dialect::prefetch) return print_object(talk, *map);
  // The prefetch map gives no object. An unknown map name is sent too: the daemon refuses it.
  auto reply = talk.ask(name);
  return reply ? print_reply_object(talk, *reply) : talk.trouble(reply.error());
}

// A blank would end the map name early, and control characters do not belong in it.
bool can_be_sent(std::string_view map) noexcept {
  return std::ranges::none_of(map, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; });
}

}  // namespace

std::chrono::milliseconds query_limit(const Config& config, std::string_view map) {
  auto name = parse_map_name(map);
  auto zone = name ? config.zones.find(name->zone) : config.zones.end();
  const ZoneSettings& rules = zone == config.zones.end() ? config.policy : zone->second;
  return std::max<std::chrono::milliseconds>(rules.answer_timeout + 2s, 10s);
}

int query(const std::vector<Endpoint>& endpoints, const QueryOptions& options, const Terminal& terminal) {
  if (!can_be_sent(options.map))
    return terminal.trouble("the map name has a blank or a control character; leave it out");
  auto client = SocketmapClient::connect(endpoints, std::chrono::steady_clock::now() + options.limit);
  if (!client) return terminal.trouble(fmt::format("{}; {}", whole(client.error().detail), remedy));
  QuerySession talk{std::move(*client), options, terminal};
  if (terminal.json) return answer_in_json(talk);
  return options.map.empty() ? explain(talk) : print_map(talk);
}

}  // namespace mtasts
